import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundled, PLUGIN_ENTRY } from '../../../scripts/build.ts';
import { bundleSbom, sbomText } from '../../../scripts/release/sbom.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
const TIME = '2026-11-29T12:00:00Z';

describe.each([
  ['kubelet-sysctls', join(CHECKOUT, 'agent', 'main.ts'), 'valibot', '@kubernetes/client-node'],
  ['kubectl-sysctls', PLUGIN_ENTRY, '@kubernetes/client-node', 'pino'],
])('the bill of materials of %s', (name, entry, contained, absent) => {
  let bundle: Bundle;

  beforeAll(async () => {
    bundle = await bundled(entry);
  });

  const sbom = () => JSON.parse(bundleSbom({ name, version: '1.2.3', bundle, time: TIME }));

  it('names the packages with code in the file, and no other', () => {
    const names = sbom().components.map((each: { group?: string; name: string }) =>
      [each.group, each.name].filter(Boolean).join('/'),
    );
    expect(names).toContain(contained);
    expect(names).not.toContain(absent);
    // A tool of the build, and a program that only tests run.
    for (const other of ['esbuild', 'vitest', 'typescript']) expect(names).not.toContain(other);
    expect(names).toEqual(bundle.packages.map((each) => each.name));
  });

  it('gives each package a version, a licence, a package URL and the checksum of package-lock.json', () => {
    for (const { group = '@', ...component } of sbom().components) {
      expect(group).toMatch(/^@/u);
      expect(component).toEqual({
        type: 'library',
        'bom-ref': component.purl,
        name: expect.any(String),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/u),
        purl: expect.stringMatching(/^pkg:npm\/(?:%40[\w-]+\/)?[\w.-]+@\d/u),
        licenses: [{ license: { id: expect.stringMatching(/^[\w.-]+$/u) } }],
        hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[\da-f]{128}$/u) }],
      });
    }
  });

  it('is about the bytes of the bundle', () => {
    const content = createHash('sha256').update(bundle.content).digest('hex');
    expect(sbom().metadata).toMatchObject({
      timestamp: TIME,
      component: { name, version: '1.2.3', hashes: [{ alg: 'SHA-256', content }] },
    });
    expect(sbom().dependencies).toEqual([
      { ref: name, dependsOn: sbom().components.map((each: { purl: string }) => each.purl) },
    ]);
  });

  it('comes with the licences of all these packages', () => {
    for (const { name: each, version, license } of bundle.packages) {
      expect(bundle.licenses).toContain(`\n${each} ${version} (${license})\n`);
    }
    expect(
      bundle.licenses.match(/Permission is hereby granted|Apache License|Permission to use/gu)?.length,
    ).toBeGreaterThan(bundle.packages.length * 0.9);
  });
});

function serial(content: unknown): string {
  return JSON.parse(sbomText({ content })).serialNumber;
}

describe('the serial number of a bill of materials', () => {
  it('is a UUID that only another content changes', () => {
    expect(serial(1)).toMatch(
      /^urn:uuid:[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u,
    );
    expect(serial(1)).toBe(serial(1));
    expect(serial(2)).not.toBe(serial(1));
  });
});

// The bill of materials of a bundle in the format CycloneDX 1.6: the packages whose code is in the file, and no others.

import { createHash } from 'node:crypto';
import type { Bundle } from '../build.ts';
import type { BundledPackage } from '../bundle/packages.ts';

export interface Program {
  readonly name: string;
  readonly version: string;
  readonly bundle: Pick<Bundle, 'content' | 'packages'>;
  /** RFC 3339. */
  readonly time: string;
}

/** Returns the JSON text. Throws for a package whose integrity is no SHA-512. */
export function bundleSbom({ name, version, bundle, time }: Program): string {
  const program = {
    type: 'application',
    'bom-ref': name,
    name,
    version,
    licenses: [licenseOf('Apache-2.0')],
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bundle.content).digest('hex') }],
  };
  const components = bundle.packages.map(componentOf);
  return sbomText({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: time, component: program },
    components,
    // A bundle has one file: which package needed which is no longer in it.
    dependencies: [{ ref: name, dependsOn: components.map((component) => component['bom-ref']) }],
  });
}

/** Returns the text of a bill of materials, with a serial number that is made from its content. */
export function sbomText(content: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  // Version 8 of RFC 9562: the bits are ours to choose.
  const [, ...parts] = /^(.{8})(.{4})(.{3})(.{3})(.{12})/u.exec(hash) ?? [];
  const [first, second, third, fourth, fifth] = parts;
  const serialNumber = `urn:uuid:${first}-${second}-8${third}-8${fourth}-${fifth}`;
  return `${JSON.stringify({ ...content, serialNumber }, undefined, 2)}\n`;
}

function componentOf({ name, version, license, integrity }: BundledPackage): Component {
  const slash = name.indexOf('/');
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type: 'library',
    'bom-ref': purl,
    ...(slash === -1 ? { name } : { group: name.slice(0, slash), name: name.slice(slash + 1) }),
    version,
    purl,
    licenses: [licenseOf(license)],
    // Of the archive in npm's registry, as in package-lock.json.
    hashes: [{ alg: 'SHA-512', content: sha512Of(integrity) }],
  };
}

interface Component {
  readonly type: 'library';
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly License[];
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}

type License = { readonly license: { readonly id: string } } | { readonly expression: string };

/** A declaration such as `(MIT OR CC0-1.0)` is no identifier of SPDX. */
function licenseOf(declared: string): License {
  return /[ ()]/u.test(declared) ? { expression: declared } : { license: { id: declared } };
}

/** Returns the checksum of a package's archive in hexadecimal. */
export function sha512Of(integrity: string): string {
  const base64 = /^sha512-(?<base64>\S+)$/u.exec(integrity)?.groups?.['base64'];
  if (base64 === undefined)
    throw new Error(`Expected the integrity of a package to be a SHA-512, got ${integrity}.`);
  return Buffer.from(base64, 'base64').toString('hex');
}

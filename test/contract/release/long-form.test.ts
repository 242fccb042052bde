// The long form (KUBELET_SYSCTLS_CONTRACT=long): the command on two clones, with a base out of a registry, and syft's reading of the image.

import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoBed } from '../../../scripts/bed/build/host-packages.ts';
import { goInstalled, SYFT } from '../../../scripts/bed/build/go-install.ts';
import { environment, type Outcome, run } from '../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { checksumsIn } from '../../../scripts/release/checksums.ts';
import { fileNames } from '../../../scripts/release/files.ts';
import { versionOf } from '../../../scripts/release/source.ts';
import { registryOf } from './registry.ts';
import { CHECKOUT } from './releases.ts';

const IS_LONG = process.env['KUBELET_SYSCTLS_CONTRACT'] === 'long';
const WHY_NOT = IS_LONG ? whyNoBed() : 'only with KUBELET_SYSCTLS_CONTRACT=long: builds syft';

describe.skipIf(WHY_NOT !== undefined)(
  `npm run release on two clones (${WHY_NOT ?? `syft ${SYFT.version}`})`,
  () => {
    let root = '';
    let version = '';
    let releases: readonly string[] = [];

    beforeAll(async () => {
      // On the checkout's file system.
      await mkdir(join(CHECKOUT, 'dist'), { recursive: true });
      root = await mkdtemp(join(CHECKOUT, 'dist', 'clones-'));
      version = await versionOf(CHECKOUT);
      releases = [await releaseOf('one'), await releaseOf('two')];
    });
    afterAll(() => rm(root, { recursive: true, force: true }));

    /** The packages are hard links: a copy would take minutes. */
    async function cloneOf(name: string): Promise<string> {
      const clone = join(root, name);
      await run(['git', 'clone', '--quiet', CHECKOUT, clone]);
      await run(['cp', '--archive', '--link', join(CHECKOUT, 'node_modules'), clone]);
      return clone;
    }

    async function releaseOf(name: string): Promise<string> {
      const clone = await cloneOf(name);
      const { exitCode, stderr } = await command(clone, [version]);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      return join(clone, 'dist', 'release');
    }

    it('gives the same bytes', async () => {
      const [one, two] = await Promise.all(releases.map(checksumsIn));
      expect(one).toEqual(two);
      expect(new Set(one?.map(({ name }) => name))).toEqual(new Set(Object.values(fileNames(version))));
    });

    it('lists what syft finds in the image: Debian packages with versions, and Node', async () => {
      const [folder = ''] = releases;
      const sbom = JSON.parse(await readFile(join(folder, fileNames(version).imageSbom), 'utf8'));
      const found = sbom.components.map(({ purl = '' }: { purl?: string }) => purl.split('@')[0]);
      expect(sbom).toMatchObject({ bomFormat: 'CycloneDX' });
      expect(found).toEqual(
        expect.arrayContaining(['pkg:deb/debian/util-linux', 'pkg:deb/debian/libc6', 'pkg:generic/node']),
      );
    });

    it.each(['agentSbom', 'pluginSbom', 'imageSbom'] as const)('has %s, which syft reads', async (name) => {
      const [folder = ''] = releases;
      const file = join(folder, fileNames(version)[name]);
      const syft = await goInstalled(SYFT, consoleLog());
      const { stdout } = await run([syft, 'convert', file, '--output', 'syft-json']);
      const components = JSON.parse(await readFile(file, 'utf8')).components;
      expect(JSON.parse(stdout).artifacts.length).toBeGreaterThan(0.9 * Math.min(components.length, 30));
    });

    it('builds on the base that it is given by digest, and says so', async () => {
      const [folder = ''] = releases;
      const layout = join(root, 'layout');
      await unpack(folder, layout);
      await using registry = await registryOf(layout);
      const conf = join(root, 'registries.conf');
      await writeFile(conf, `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`);
      const [{ digest }] = (await readJson(join(layout, 'index.json'))).manifests;
      const base = `${registry.address}/team/node:26@${digest}`;
      const out = join(root, 'on-base');
      const args = [version, '--base', base, '--out', out];
      const said = await command(join(root, 'one'), args, { CONTAINERS_REGISTRIES_CONF: conf });
      expect(said).toMatchObject({ exitCode: 0 });

      const { resolvedDependencies } = (await readJson(join(out, 'provenance.json'))).predicate
        .buildDefinition;
      expect(resolvedDependencies).toContainEqual({
        name: 'base image',
        uri: `docker://${registry.address}/team/node:26`,
        digest: { sha256: digest.slice('sha256:'.length) },
      });
      const onBase = join(root, 'layout-on-base');
      await unpack(out, onBase);
      const [own, inherited] = [await imageIn(onBase), await imageIn(layout)];
      expect(own.rootfs.diff_ids.slice(0, inherited.rootfs.diff_ids.length)).toEqual(
        inherited.rootfs.diff_ids,
      );
      expect(own.config.Labels).toMatchObject({
        'org.opencontainers.image.base.name': `${registry.address}/team/node:26`,
        'org.opencontainers.image.base.digest': digest,
      });
    });

    async function unpack(release: string, layout: string): Promise<void> {
      await mkdir(layout);
      await run(['tar', '-xf', join(release, fileNames(version).image), '-C', layout]);
    }

    it('makes nothing of changes that are not committed, or with another version', async () => {
      const clone = join(root, 'one');
      expect(await command(clone, ['99.0.0'])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining(`Expected the version of package.json, ${version}, got 99.0.0`),
      });
      await appendFile(join(clone, 'LICENSE'), '\n');
      expect(await command(clone, [version])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('Expected a checkout without changes'),
      });
    });
  },
);

async function command(
  clone: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const argv = [process.execPath, join(clone, 'scripts', 'release.ts'), ...args];
  return run(argv, { reject: false }, { ...environment(), ...env });
}

async function readJson(file: string) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Returns the configuration of the one image of an OCI layout. */
async function imageIn(layout: string) {
  const blob = (digest: string) => join(layout, 'blobs', ...digest.split(':'));
  const [{ digest }] = (await readJson(join(layout, 'index.json'))).manifests;
  return readJson(blob((await readJson(blob(digest))).config.digest));
}

// scripts/base-image: what keeps the machine as it is, and in the long form (KUBELET_SYSCTLS_CONTRACT=long) the Dockerfile, which people with a
// registry build. Its two images are made here, as Debian's packages and npm's have them.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedBase, copyNode } from '../../../scripts/bed/images/base-image.ts';
import { buildLayout } from '../../../scripts/bed/images/image-build.ts';
import { ensureHostPackages, whyNoBed } from '../../../scripts/bed/build/host-packages.ts';
import { tool } from '../../../scripts/bed/build/tool.ts';
import { makeDebian } from '../../../scripts/bed/node/root-file-system.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { contentsOf } from '../../../scripts/bench/image/contents.ts';
import { CHECKOUT } from './releases.ts';

const IS_LONG = process.env['KUBELET_SYSCTLS_CONTRACT'] === 'long';
const WHY_NOT = IS_LONG ? whyNoBed() : 'only with KUBELET_SYSCTLS_CONTRACT=long: makes a Debian';
const RECIPES = join(CHECKOUT, 'scripts', 'base-image');
const READ_ONLY = join(RECIPES, 'read-only.sh');
const [NODE, DEBIAN] = ['localhost/node:test', 'localhost/debian:test'];

describe.skipIf(whyNoBed() !== undefined)('what makes the base', () => {
  it('writes to its own folder, and not to /etc, /usr and /var of the machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'read-only-'));
    const own = join(folder, 'own');
    await mkdir(own);
    const files = [own, '/', '/etc', '/usr', '/var'].map((each) => join(each, 'kubelet-sysctls-test'));
    const writes = files.map((file) => `(: > ${file}) 2>/dev/null && echo ${file}`).join('; ');
    const argv = ['sh', READ_ONLY, own, 'sh', '-c', `${writes}; true`];
    const written = await tool(argv, { endsWithUs: 'with its children' });
    expect(written.trim()).toBe(files[0]);
    // Only in the namespace of the command.
    await writeFile(join(folder, 'after'), '');
    await rm(folder, { recursive: true });
  });
});

describe.skipIf(WHY_NOT !== undefined)(
  `the base's Dockerfile (${WHY_NOT ?? 'with images made here'})`,
  () => {
    let root = '';

    beforeAll(async () => {
      await ensureHostPackages(consoleLog());
      await mkdir(join(CHECKOUT, 'dist'), { recursive: true });
      root = await mkdtemp(join(CHECKOUT, 'dist', 'base-image-'));
    });
    afterAll(() => rm(root, { recursive: true, force: true }));

    async function buildah(...args: readonly string[]): Promise<void> {
      const storage = ['--storage-driver', 'vfs', '--root', join(root, 'st'), '--runroot', join(root, 'run')];
      await tool(['buildah', ...storage, ...args], {
        endsWithUs: 'with its children',
        env: { TMPDIR: root },
      });
    }

    /** Returns a build context with this Dockerfile. */
    async function context(name: string, dockerfile: string): Promise<string> {
      const folder = join(root, name);
      await mkdir(folder);
      await writeFile(join(folder, 'Dockerfile'), dockerfile);
      return folder;
    }

    const BUILD = ['bud', '--isolation', 'chroot', '--pull-never'];

    it('has the packages of the base that releases are made with', async () => {
      const debian = await context('debian', 'FROM scratch\nADD debian.tar /\n');
      const target = join(debian, 'debian.tar');
      await makeDebian({ suite: 'trixie', packages: ['mmdebstrap'], target }, () => undefined);
      await buildah(...BUILD, '--tag', DEBIAN, debian);
      const node = await context(
        'node',
        'FROM scratch\nCOPY node /usr/local/bin/\nCOPY LICENSE /usr/local/\n',
      );
      await copyNode(node);
      await buildah(...BUILD, '--tag', NODE, node);

      const images = ['--build-arg', `NODE=${NODE}`, '--build-arg', `DEBIAN=${DEBIAN}`];
      await buildah(...BUILD, ...images, '--tag', 'localhost/base', RECIPES);
      const built = join(root, 'built');
      await buildah('push', '--quiet', 'localhost/base', `oci:${built}`);

      const own = join(root, 'own');
      const from = await context('from', 'ARG BASE\nFROM ${BASE}\n');
      const base = await cachedBase(consoleLog());
      await buildLayout({ context: from, base, labels: {}, folder: own, epoch: 0 }, () => undefined);
      expect((await contentsOf(built)).packages).toEqual((await contentsOf(own)).packages);
    });
  },
);

// Compares the files that we read below --config-dir, and their order, with the kubelet's own walk.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostFiles } from '../../../agent/host/files/files.ts';
import { readKubeletConfig } from '../../../agent/kubelet/config.ts';
import { findDropIns } from '../../../agent/node/observe/files.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { runs } from '../runs.ts';
import { RealDropIns } from './real-drop-ins.ts';

const NO_GO = whyNoGo();
const RUN = runs(500);

type Tree = { readonly [name: string]: 'file' | 'link to a file' | 'link to a folder' | 'dead link' | Tree };

const name = fc.oneof(
  fc.constantFrom(
    '.conf',
    '.hidden',
    '.hidden.conf',
    'a',
    'a.conf',
    'a.conf.bak',
    'x.CONF',
    'conf',
    '..conf',
  ),
  fc.constantFrom(
    'a b.conf',
    'é.conf',
    '\u{FFEE}.conf',
    '\u{1F600}.conf',
    '-.conf',
    '~.conf',
    '10.conf',
    '9.conf',
  ),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.dictionary(
    name,
    fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(
        'file' as const,
        'link to a file' as const,
        'link to a folder' as const,
        'dead link' as const,
      ),
      tie('tree'),
    ),
    { maxKeys: 6 },
  ),
}));

async function plant(folder: string, entries: Tree, elsewhere: string): Promise<void> {
  await mkdir(folder);
  for (const [entry, what] of Object.entries(entries)) {
    const path = join(folder, entry);
    if (typeof what === 'object') {
      await plant(path, what, elsewhere);
    } else if (what === 'file') {
      await writeFile(path, '{}');
    } else {
      const target = { 'link to a file': 'file.conf', 'link to a folder': '', 'dead link': 'none' }[what];
      await symlink(join(elsewhere, target), path);
    }
  }
}

describe.skipIf(NO_GO !== undefined)(`the kubelet's --config-dir (${NO_GO ?? `seed ${RUN.seed}`})`, () => {
  let real: RealDropIns;
  let root: string;
  beforeAll(async () => {
    real = await RealDropIns.start();
    root = await mkdtemp(join(tmpdir(), 'kubelet-config-dir-'));
    await mkdir(`${root}/elsewhere`);
    await writeFile(`${root}/elsewhere/file.conf`, '{}');
  });
  afterAll(async () => {
    await real.close();
    await rm(root, { recursive: true });
  });

  it('is read by findDropIns like by the kubelet: the same files in the same order', async () => {
    const files = hostFiles('', () => Promise.reject(new Error('Expected no command on the host')));
    const asked = fc.constantFrom('tree', 'tree/', 'link', 'link/', 'link.conf');
    await fc.assert(
      fc.asyncProperty(tree, asked, async (entries, end) => {
        await plant(`${root}/tree`, entries, `${root}/elsewhere`);
        for (const link of ['link', 'link.conf']) await symlink('tree', `${root}/${link}`);
        try {
          const theirs = await real.below(`${root}/${end}`);
          const ours = await findDropIns(files, `${root}/${end}`);
          expect({ entries, end, read: ours }).toEqual({ entries, end, read: theirs });
          expect(lastOf(ours)).toBe(theirs.at(-1));
        } finally {
          for (const path of ['tree', 'link', 'link.conf']) await rm(`${root}/${path}`, { recursive: true });
        }
      }),
      RUN,
    );
  });
});

/** The drop-in whose list takes effect when all files have one and are given in reverse order. */
function lastOf(paths: readonly string[]): string | undefined {
  const content = Buffer.from(
    'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nallowedUnsafeSysctls: [kernel.sem]\n',
  );
  const dropIns = paths.toReversed().map((path) => ({ path, content }));
  const from = readKubeletConfig({ config: undefined, dropIns }).allowedUnsafeSysctlsFrom;
  return from?.replace('drop-in ', '');
}

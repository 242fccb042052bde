import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { DAMAGED, UNDO_SCRIPT, UNITS_FOLDER } from '../../../agent/host/rollback/rollback-script.ts';
import { type Journal, printJournal } from '../../../agent/node/state/journal.ts';
import { sha256Of } from '../../../agent/text/hash.ts';
import { temporaryRoot } from '../temporary-root.ts';

const BEFORE = Buffer.from('A=1\n');
const FLAG = '--allowed-unsafe-sysctls=kernel.sem';
const AFTER = Buffer.from(`A=1\nKUBELET_EXTRA_ARGS=${FLAG}\n`);

interface Scene {
  readonly left?: readonly string[];
  /** Of the file as the script finds it. */
  readonly content?: string | Uint8Array;
  /** Our flag before the change. */
  readonly was?: string;
  readonly spoil?: (journal: string) => string;
}

interface Run {
  readonly root: string;
  readonly exitCode: number | undefined;
}

/** Runs the script as at a boot, on a file that holds the change and has `left` beside it. */
async function undo({
  left = [],
  content = AFTER,
  was,
  spoil = (journal: string) => journal,
}: Scene = {}): Promise<Run> {
  const root = await temporaryRoot();
  const journal: Journal = {
    unit: 'kubelet.service',
    invocation: '0123',
    file: `${root}/etc/kubelet`,
    before: BEFORE,
    after: sha256Of(AFTER) ?? null,
    flag: { before: was, after: FLAG },
    healthz: null,
    desired: [],
    nodeSoakSeconds: 0,
    situation: '',
    past: {
      at: '2026-11-24T02:00:00.000Z',
      reason: '',
      revision: '',
      file: '',
      before: '',
      after: '',
      from: [],
      to: [],
    },
    remembered: { lastApplied: { ours: [], folded: [] } },
    lastApplied: { ours: [], folded: [] },
  };
  for (const folder of ['etc', 'units', 'agent']) {
    await mkdir(`${root}/${folder}`);
  }
  for (const name of left) {
    await writeFile(`${root}/etc/${name}`, 'half');
  }
  await writeFile(journal.file, content);
  await writeFile(`${root}/agent/change`, spoil(printJournal(journal)));
  // The units of the machine that runs this test are not to be touched.
  await writeFile(`${root}/agent/undo`, UNDO_SCRIPT.replaceAll(UNITS_FOLDER, `${root}/units`));
  const { exitCode } = await execa('sh', [`${root}/agent/undo`, 'boot'], { reject: false });
  return { root, exitCode };
}

describe('the undo script of the host', () => {
  test('puts the old bytes back, and removes what writes that were cut off left beside the file', async () => {
    const left = ['tmp', 'a1b2c3d4e5f6'].map((end) => `.kubelet.kubelet-sysctl-agent.${end}`);

    const { root, exitCode } = await undo({ left: [...left, 'other'] });

    expect(exitCode).toBe(0);
    expect(await readFile(`${root}/etc/kubelet`)).toEqual(BEFORE);
    expect((await readdir(`${root}/etc`)).toSorted()).toEqual(['kubelet', 'other']);
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undone-boot']);
  });

  test('changes nothing when the journal is damaged', async () => {
    const { root, exitCode } = await undo({
      spoil: (journal) => journal.replace('unit kubelet', 'unit kubelex'),
    });

    expect(exitCode).toBe(DAMAGED);
    expect(await readFile(`${root}/etc/kubelet`)).toEqual(AFTER);
  });

  test.each([
    [
      'beside other lines',
      `# edited\nKUBELET_EXTRA_ARGS=${FLAG}\nB=2`,
      undefined,
      '# edited\nKUBELET_EXTRA_ARGS=\nB=2',
    ],
    ['within quotes', `K='--v=3 ${FLAG}'\n`, undefined, "K='--v=3'\n"],
    [
      'where the change replaced one',
      `K=${FLAG} --v=3\n`,
      '--allowed-unsafe-sysctls=net.*',
      'K=--allowed-unsafe-sysctls=net.* --v=3\n',
    ],
    ['where it is gone already', 'B=2\n', undefined, 'B=2\n'],
  ])(
    'takes the flag out of a file that another party wrote since, %s',
    async (_where, content, was, expected) => {
      const { root, exitCode } = await undo({ content, ...(was !== undefined && { was }) });

      expect(exitCode).toBe(0);
      expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(expected);
      expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undone-boot']);
    },
  );

  test('keeps the journal and says so when another party has rewritten the flag itself', async () => {
    const content = `KUBELET_EXTRA_ARGS=${FLAG},net.core.somaxconn\n`;

    const { root, exitCode } = await undo({ content });

    expect(exitCode).toBe(1);
    expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(content);
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undoing']);
    expect((await readdir(`${root}/etc`)).toSorted()).toEqual(['kubelet']);
  });
});

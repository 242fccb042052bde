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
  /** The content of the file as the script finds it. */
  readonly content?: string | Uint8Array;
  /** The change is one of a drop-in of --config-dir, which has no flag; undefined: it did not exist before. */
  readonly dropIn?: { readonly before: Uint8Array | undefined };
  /** Our flag before the change. */
  readonly was?: string;
  readonly spoil?: (journal: string) => string;
}

interface Run {
  readonly root: string;
  readonly exitCode: number | undefined;
}

/** Runs the script as the boot unit does, on a file that holds the change, with the files `left` beside it. */
async function undo({
  left = [],
  content = AFTER,
  dropIn,
  was,
  spoil = (journal: string) => journal,
}: Scene = {}): Promise<Run> {
  const root = await temporaryRoot();
  const journal: Journal = {
    unit: 'kubelet.service',
    invocation: '0123',
    file: `${root}/etc/kubelet`,
    before: dropIn === undefined ? BEFORE : dropIn.before,
    after: sha256Of(AFTER) ?? null,
    flag: dropIn === undefined ? { before: was, after: FLAG } : { before: undefined, after: undefined },
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
  // The test must not touch the units of its own machine.
  await writeFile(`${root}/agent/undo`, UNDO_SCRIPT.replaceAll(UNITS_FOLDER, `${root}/units`));
  const { exitCode } = await execa('sh', [`${root}/agent/undo`, 'boot'], { reject: false });
  return { root, exitCode };
}

describe('the rollback script', () => {
  test('restores the old bytes and removes the temporary files of interrupted writes', async () => {
    const left = ['tmp', 'a1b2c3d4e5f6'].map((end) => `.kubelet.kubelet-sysctl-agent.${end}`);

    const { root, exitCode } = await undo({ left: [...left, 'other'] });

    expect(exitCode).toBe(0);
    expect(await readFile(`${root}/etc/kubelet`)).toEqual(BEFORE);
    expect((await readdir(`${root}/etc`)).toSorted()).toEqual(['kubelet', 'other']);
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undone-boot']);
  });

  test('keeps the file when the journal is damaged', async () => {
    const { root, exitCode } = await undo({
      spoil: (journal) => journal.replace('unit kubelet', 'unit kubelex'),
    });

    expect(exitCode).toBe(DAMAGED);
    expect(await readFile(`${root}/etc/kubelet`)).toEqual(AFTER);
  });

  test.each([
    [
      'the flag is beside other lines',
      `# edited\nKUBELET_EXTRA_ARGS=${FLAG}\nB=2`,
      undefined,
      '# edited\nKUBELET_EXTRA_ARGS=\nB=2',
    ],
    ['the flag is within quotes', `K='--v=3 ${FLAG}'\n`, undefined, "K='--v=3'\n"],
    [
      'the change replaced an earlier flag',
      `K=${FLAG} --v=3\n`,
      '--allowed-unsafe-sysctls=net.*',
      'K=--allowed-unsafe-sysctls=net.* --v=3\n',
    ],
    ['the flag is already gone', 'B=2\n', undefined, 'B=2\n'],
  ])(
    'removes only the flag from a file that another party modified since: %s',
    async (_where, content, was, expected) => {
      const { root, exitCode } = await undo({ content, ...(was !== undefined && { was }) });

      expect(exitCode).toBe(0);
      expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(expected);
      expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undone-boot']);
    },
  );

  test('exits with 1 and keeps the journal when another party has rewritten the flag', async () => {
    const content = `KUBELET_EXTRA_ARGS=${FLAG},net.core.somaxconn\n`;

    const { root, exitCode } = await undo({ content });

    expect(exitCode).toBe(1);
    expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(content);
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undoing']);
    expect((await readdir(`${root}/etc`)).toSorted()).toEqual(['kubelet']);
  });

  test('removes a drop-in that did not exist before, and keeps its folder and what else is in it', async () => {
    const left = ['40-nodeadm.conf', '.kubelet.kubelet-sysctl-agent.a1b2c3d4e5f6'];
    const { root, exitCode } = await undo({ left, dropIn: { before: undefined } });

    expect(exitCode).toBe(0);
    expect(await readdir(`${root}/etc`)).toEqual(['40-nodeadm.conf']);
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undone-boot']);

    const alone = await undo({ dropIn: { before: undefined } });
    expect(await readdir(`${alone.root}/etc`)).toEqual([]);
  });

  test('restores the old bytes of a drop-in', async () => {
    const { root, exitCode } = await undo({ dropIn: { before: BEFORE } });

    expect(exitCode).toBe(0);
    expect(await readFile(`${root}/etc/kubelet`)).toEqual(BEFORE);
  });

  test('exits with 1 and keeps the journal when another party has modified the drop-in', async () => {
    const { root, exitCode } = await undo({ dropIn: { before: undefined }, content: 'kind: x\n' });

    expect(exitCode).toBe(1);
    expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe('kind: x\n');
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undoing']);
  });
});

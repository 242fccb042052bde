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
  /** Our flag before the change, and after it. */
  readonly was?: string;
  readonly flag?: string;
  /** Other environment files: their bytes before the change, and as the script finds them. */
  readonly others?: Readonly<Record<string, readonly [string, string]>>;
  /** A folder before the others of PATH. */
  readonly path?: string;
  readonly caller?: 'boot' | 'timer';
  readonly spoil?: (journal: string) => string;
}

interface Run {
  readonly root: string;
  readonly exitCode: number | undefined;
}

/** Runs the script as the boot unit or the timer does, on a file that holds the change, with the files `left` beside it. */
async function undo({
  left = [],
  content = AFTER,
  dropIn,
  was,
  flag = FLAG,
  others = {},
  path,
  caller = 'boot',
  spoil = (journal: string) => journal,
}: Scene = {}): Promise<Run> {
  const root = await temporaryRoot();
  const journal: Journal = {
    unit: 'kubelet.service',
    invocation: '0123',
    file: `${root}/etc/kubelet`,
    before: dropIn === undefined ? BEFORE : dropIn.before,
    after: sha256Of(AFTER) ?? null,
    flag: dropIn === undefined ? { before: was, after: flag } : { before: undefined, after: undefined },
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
    others: Object.entries(others).map(([name, [bytes]]) => ({
      path: `${root}/etc/${name}`,
      bytes: Buffer.from(bytes).toString('base64'),
    })),
  };
  for (const folder of ['etc', 'units', 'agent']) {
    await mkdir(`${root}/${folder}`);
  }
  for (const name of left) {
    await writeFile(`${root}/etc/${name}`, 'half');
  }
  await writeFile(journal.file, content);
  for (const [name, [, found]] of Object.entries(others)) {
    await writeFile(`${root}/etc/${name}`, found);
  }
  await writeFile(`${root}/agent/change`, spoil(printJournal(journal)));
  // The test must not touch the units of its own machine.
  await writeFile(`${root}/agent/undo`, UNDO_SCRIPT.replaceAll(UNITS_FOLDER, `${root}/units`));
  const { exitCode } = await execa('sh', [`${root}/agent/undo`, caller], {
    reject: false,
    ...(path !== undefined && { env: { PATH: `${path}:${process.env['PATH']}` } }),
  });
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
    ['blanks are escaped', `K=--v=3\\ ${FLAG}\nB=2\n`, undefined, 'K=--v=3\nB=2\n'],
    ['blanks are escaped on both sides', `K=--v=3\\ ${FLAG}\\ --x\n`, undefined, 'K=--v=3\\ --x\n'],
    ['the change was not of the flag', `K=--v=4\\ ${FLAG}\nB=2\n`, FLAG, `K=--v=4\\ ${FLAG}\nB=2\n`],
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

  const ADDED = '--allowed-unsafe-sysctls=kernel.sem,net.core.somaxconn';
  test.each([
    ['an added allowance', `K=${ADDED},kernel.msgmax\n`, 'K=--allowed-unsafe-sysctls=kernel.msgmax\n'],
    [
      'an added allowance before ours',
      'K=--allowed-unsafe-sysctls=kernel.msgmax,net.core.somaxconn,kernel.sem --v=3\n',
      'K=--allowed-unsafe-sysctls=kernel.msgmax --v=3\n',
    ],
    ['another order', 'K=--v=3 --allowed-unsafe-sysctls=net.core.somaxconn,kernel.sem\n', 'K=--v=3\n'],
    [
      'two flags',
      'K="--allowed-unsafe-sysctls=kernel.sem --v=3 --allowed-unsafe-sysctls=net.core.somaxconn"\n',
      'K=" --v=3"\n',
    ],
    ['two words', "K='--v=3 --allowed-unsafe-sysctls net.core.somaxconn,kernel.sem'\n", "K='--v=3'\n"],
    [
      'quotes around the list',
      'K=\'--v=3 --allowed-unsafe-sysctls="kernel.sem,net.core.somaxconn" --x=1\'\n',
      "K='--v=3 --x=1'\n",
    ],
    [
      'quotes around the flag',
      'K=\'--v=3 "--allowed-unsafe-sysctls=kernel.sem,net.core.somaxconn" --x=1\'\n',
      "K='--v=3 --x=1'\n",
    ],
    [
      'escaped blanks and another order',
      'K=--v=3\\ --allowed-unsafe-sysctls=net.core.somaxconn,kernel.sem\\ --x=1\n',
      'K=--v=3\\ --x=1\n',
    ],
    [
      'two words with escaped blanks',
      'K=--v=3\\ --allowed-unsafe-sysctls\\ net.core.somaxconn,kernel.sem\n',
      'K=--v=3\n',
    ],
    ['underscores', 'K=--allowed_unsafe_sysctls=kernel.sem,net.core.somaxconn\n', 'K=\n'],
    ['slashes', 'K=--allowed-unsafe-sysctls=kernel/sem,net/core/somaxconn\n', 'K=\n'],
    ['CRLF', `A=1\r\nK=--v=3 ${ADDED}\r\nB=2\r\n`, 'A=1\r\nK=--v=3\r\nB=2\r\n'],
    ['a word glued to it', `K=--v=3${ADDED}\n`, 'K=--v=3\n'],
    [
      'names that begin or end with ours',
      `K=${ADDED},net.core.somaxconn2,a.kernel.sem\n`,
      'K=--allowed-unsafe-sysctls=net.core.somaxconn2,a.kernel.sem\n',
    ],
    ['a comment with our flag', `# K=${ADDED}\nK=--v=3 ${ADDED}\n`, `# K=${ADDED}\nK=--v=3\n`],
    ['a copy of the line', `K=--v=3 ${ADDED}\nK=--v=3 ${ADDED}\n`, 'K=--v=3\nK=--v=3\n'],
  ])(
    'takes our allowances out of a file in which another party wrote %s',
    async (_what, content, expected) => {
      const { root, exitCode } = await undo({ content, flag: ADDED });

      expect(exitCode).toBe(0);
      expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(expected);
      expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undone-boot']);
    },
  );

  test('takes only the added allowance out of a list that was there before', async () => {
    const was = '--allowed-unsafe-sysctls=net.*';
    const flag = '--allowed-unsafe-sysctls=net.*,kernel.sem';

    const { root, exitCode } = await undo({ content: `# new\nK=${flag},kernel.msgmax\n`, flag, was });

    expect(exitCode).toBe(0);
    expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(
      '# new\nK=--allowed-unsafe-sysctls=net.*,kernel.msgmax\n',
    );
  });

  test.each([
    ['a flag of another name', 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctl=kernel.sem\n', {}],
    ['a flag of another name in another variable', 'KUBELET_FLAGS=--allow=kernel.sem\n', {}],
    [
      'a list that has lost an earlier name',
      'K=--allowed-unsafe-sysctls=kernel.sem,kernel.msgmax\n',
      { was: '--allowed-unsafe-sysctls=net.*' },
    ],
  ])('exits with 1 and keeps the journal when another party has written %s', async (_what, content, more) => {
    const { root, exitCode } = await undo({ content, ...more });

    expect(exitCode).toBe(1);
    expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(content);
    expect((await readdir(`${root}/agent`)).toSorted()).toEqual(['undo', 'undoing']);
    expect((await readdir(`${root}/etc`)).toSorted()).toEqual(['kubelet']);
  });

  test('leaves every file alone that another party modified during a change of another flag', async () => {
    const others = { other: [`B=1\n`, `B=${FLAG}\n`] } as const;
    const { root, exitCode } = await undo({ content: `K=${FLAG} --x\n`, was: FLAG, others });

    expect(exitCode).toBe(0);
    expect(await readFile(`${root}/etc/kubelet`, 'utf8')).toBe(`K=${FLAG} --x\n`);
    expect(await readFile(`${root}/etc/other`, 'utf8')).toBe(`B=${FLAG}\n`);
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

  test('takes the flag out of another environment file to which another party has moved it', async () => {
    const { root, exitCode } = await undo({
      content: 'A=1\n',
      others: {
        moved: ['A=2\n', `A=2\nKUBELET_EXTRA_ARGS='--v=3 ${FLAG}'\n`],
        kept: [`B=${FLAG}\n`, `B=${FLAG}\n`],
      },
    });

    expect(exitCode).toBe(0);
    expect(await readFile(`${root}/etc/moved`, 'utf8')).toBe("A=2\nKUBELET_EXTRA_ARGS='--v=3'\n");
    expect(await readFile(`${root}/etc/kept`, 'utf8')).toBe(`B=${FLAG}\n`);
  });
});

/** A systemctl whose unit is in the next state of the file `states` at each query; try-restart exits with `code`. Prints its calls to the file `calls`. */
function systemctl(root: string, code: number): string {
  return `#!/bin/sh
echo "$*" >> ${root}/calls
case "$*" in
  *InvocationID*) echo 4567 ;;
  *ActiveState*)
    read -r state < ${root}/states
    sed -i 1d ${root}/states
    echo "$state" ;;
  try-restart*) exit ${code} ;;
esac
`;
}

describe('the rollback script that the timer runs', () => {
  test.each([
    ['a running unit is restarted', ['active', 'active'], 0, ['try-restart'], 0],
    ['a unit that was stopped is left alone', ['inactive'], 0, [], 0],
    ['a failed unit is reset and started', ['failed'], 0, ['reset-failed', 'start'], 0],
    [
      'a unit that fails before the restart is reset and started',
      ['activating', 'failed'],
      0,
      ['try-restart', 'reset-failed', 'start'],
      0,
    ],
    [
      'a unit that reaches its start limit with the restart is reset and started',
      ['active', 'failed', 'failed'],
      1,
      ['try-restart', 'reset-failed', 'start'],
      0,
    ],
    ['a restart that fails otherwise is tried again', ['active', 'active', 'active'], 1, ['try-restart'], 1],
  ])('%s', async (_what, states, code, verbs, exits) => {
    const root = await temporaryRoot();
    await mkdir(`${root}/bin`);
    await writeFile(`${root}/bin/systemctl`, systemctl(root, code), { mode: 0o755 });
    await writeFile(`${root}/states`, `${states.join('\n')}\n`);

    const { exitCode } = await undo({ path: `${root}/bin`, caller: 'timer' });

    const calls = (await readFile(`${root}/calls`, 'utf8')).trim().split('\n');
    expect(calls.map((call) => call.split(' ')[0]).filter((verb) => verb !== 'show')).toEqual(verbs);
    expect(exitCode).toBe(exits);
  });
});

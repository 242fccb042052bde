import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PastChange } from '../../agent/node/memory.ts';

const MAIN = fileURLToPath(new URL('history-main.ts', import.meta.url));

const DONE: PastChange = {
  at: '2026-11-24T02:00:00.123Z',
  reason: 'Creates /etc/default/kubelet.',
  revision: 'b6b9734149',
  resourceVersion: '4711',
  file: '/etc/default/kubelet',
  before: null,
  after: 'aa',
  from: ['kernel.sem'],
  to: ['net.core.somaxconn'],
  result: 'Done',
};
const FAILED: PastChange = {
  ...DONE,
  at: '2026-11-25T02:00:00.000Z',
  from: ['net.core.somaxconn'],
  result: 'RolledBack',
  why: 'the kubelet ended: no\u001b[2J',
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'history-test-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function stateFile(): string {
  const folder = join(root, 'var/lib/kubelet-sysctl-agent');
  mkdirSync(folder, { recursive: true });
  return join(folder, 'state.json');
}

function remember(history: readonly PastChange[]): void {
  const memory = { version: 1, lastApplied: { ours: [], folded: [] }, history };
  writeFileSync(stateFile(), JSON.stringify(memory));
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'history', ...args], {
    encoding: 'utf8',
    env: { ...process.env, HISTORY_ROOT: root },
  });
  return { status, stdout, stderr };
}

describe('kubelet-sysctls history', () => {
  it('prints a line a change, oldest first, with what came, what went and what went wrong', () => {
    remember([DONE, FAILED]);
    expect(run()).toEqual({
      status: 0,
      stderr: '',
      stdout: `\
TIME                   RESULT       REVISION     CONFIGMAP   CHANGE                            WHY
2026-11-24T02:00:00Z   Done         b6b9734149   4711        +net.core.somaxconn -kernel.sem   Creates /etc/default/kubelet.
2026-11-25T02:00:00Z   RolledBack   b6b9734149   4711        -                                 the kubelet ended: no\\u{1b}[2J
`,
    });
  });

  it('prints the same as JSON, with all that is remembered of a change', () => {
    remember([DONE, FAILED]);
    const { status, stdout } = run('-o', 'json');
    expect([status, JSON.parse(stdout)]).toEqual([0, { changes: [DONE, FAILED] }]);
  });

  it('writes nothing on the host', () => {
    remember([DONE]);
    const before = readFileSync(stateFile());
    run();
    expect(readFileSync(stateFile())).toEqual(before);
    expect(readdirSync(root, { recursive: true })).toHaveLength(4);
  });

  it('says so, and ends with 1, where no change is remembered', () => {
    const nothing = { status: 1, stdout: '', stderr: expect.stringContaining('found none') };
    expect(run()).toEqual(nothing);
    expect(run('-o', 'json')).toEqual(nothing);
    expect(readdirSync(root)).toEqual([]);
    remember([]);
    expect(run()).toEqual(nothing);
  });

  it('says what is wrong, without a stack, where the file is not the agent’s', () => {
    writeFileSync(stateFile(), '{');
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Expected \/var\/lib\/kubelet-sysctl-agent\/state\.json to hold.*\n$/u);
  });

  it('says where to run it, where the host cannot be read', () => {
    const path = stateFile();
    mkdirSync(path);
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Expected to read .*kubectl -n kubelet-sysctl-agent exec .*\n$/u);
  });
});

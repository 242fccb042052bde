import { beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { KEYS, STATE_DIR } from '../../agent/names.ts';
import { sha256Of } from '../../agent/text/hash.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const RESTORE = { ...POLICY, mode: 'Restore' };
const ORIGINAL = '# mine\n';
const OTHER_FILE = '/etc/kubelet.d/extra.env';
const OTHER = 'KUBELET_EXTRA_ARGS=--v=2\n';
const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn';

let agent: Agent;
let host: FakeHost;

beforeEach(async () => {
  host = new FakeHost({ [ENVIRONMENT_FILE]: ORIGINAL }).startKubelet();
  agent = await startedAgent(host, POLICY);
  host.files.set(OTHER_FILE, OTHER);
});

/** Another drop-in makes another file the target. */
function moveTarget(files: readonly string[]): void {
  host.environmentFiles = files.map((path) => ({ path, optional: true }));
}

async function hostChanged(): Promise<void> {
  agent.hostChanged();
  host.advance(1000);
  await atRest();
}

async function restore(): Promise<void> {
  agent.setConfigMap(host.configMap(RESTORE));
  await hostChanged();
  await hostChanged();
}

describe.each([
  ['that the unit still reads', [ENVIRONMENT_FILE, OTHER_FILE]],
  ['that the unit no longer reads', [OTHER_FILE]],
])('a file %s', (_, files) => {
  test('is cleaned once the new target has the flag', async () => {
    moveTarget(files);
    await hostChanged();
    await hostChanged();

    expect(host.files.get(OTHER_FILE)).toBe(`KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'\n`);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(ORIGINAL);
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.runningArgv?.at(-1)).toBe(FLAG);
  });

  test('has no flag that could come back after mode Restore', async () => {
    moveTarget(files);
    await restore();
    moveTarget([ENVIRONMENT_FILE]);
    host.startKubelet();
    await hostChanged();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(ORIGINAL);
    expect(host.files.get(OTHER_FILE)).toBe(OTHER);
    expect(host.runningArgv).not.toContain(FLAG);
    expect(host.files.has(`${STATE_DIR}/state.json`)).toBe(false);
  });

  test('is restored beside the new target, with the edits that others made', async () => {
    moveTarget(files);
    await hostChanged();
    await hostChanged();
    host.files.set(OTHER_FILE, `A=1\n${host.files.get(OTHER_FILE) ?? ''}`);
    await restore();

    expect(host.files.get(OTHER_FILE)).toBe('A=1\nKUBELET_EXTRA_ARGS=--v=2\n');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(ORIGINAL);
    expect(host.files.has(`${STATE_DIR}/state.json`)).toBe(false);
  });
});

test('mode Restore cleans a file of a unit that no longer takes the variable', async () => {
  host.execStart = ['/usr/bin/kubelet', '$KUBELET_CONFIG_ARGS'];
  moveTarget([]);
  await restore();

  expect(host.files.get(ENVIRONMENT_FILE)).toBe(ORIGINAL);
  expect(host.annotations[KEYS.state]).toBe('Unreconcilable');
  expect(host.files.has(`${STATE_DIR}/state.json`)).toBe(false);
});

test('mode Restore reads the one file that an older agent saved', async () => {
  await agent.stop();
  const path = `${STATE_DIR}/state.json`;
  const { originals: _, ...state } = JSON.parse(host.files.get(path) ?? '');
  const left = sha256Of(Buffer.from(host.files.get(ENVIRONMENT_FILE) ?? ''));
  const original = { file: ENVIRONMENT_FILE, bytes: Buffer.from(ORIGINAL).toString('base64'), left };
  host.files.set(path, JSON.stringify({ ...state, original }));
  agent = await startedAgent(host, RESTORE);

  expect(host.files.get(ENVIRONMENT_FILE)).toBe(ORIGINAL);
});

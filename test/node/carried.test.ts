import { fc } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { KEYS } from '../../agent/names.ts';
import { ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn', nodeSoakSeconds: '0' };
const UNIT_FILE = '/usr/lib/systemd/system/kubelet.service';
const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn';

let agent: Agent;
let host: FakeHost;

/** A node whose drop-in has `--v=3`, changed by the agent. */
async function changedNode(): Promise<void> {
  host = new FakeHost();
  setSource('--v=3');
  host.startKubelet();
  host.advance(60_000);
  agent = await startedAgent(host, POLICY);
  host.advance(60_000);
}

beforeEach(changedNode);

/** A person edits the drop-in and runs daemon-reload. */
function setSource(value: string): void {
  const others = host.environment.filter((entry) => !entry.startsWith('KUBELET_EXTRA_ARGS='));
  host.environment = [...others, `KUBELET_EXTRA_ARGS=${value}`];
  host.files.set(UNIT_FILE, value);
}

async function hostChanged(): Promise<void> {
  agent.hostChanged();
  host.advance(1000);
  await atRest();
}

describe('a drop-in whose arguments the agent has copied', () => {
  test('is followed in the file, and the kubelet is not restarted before its person does that', async () => {
    setSource('--v=4');
    await hostChanged();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(`KUBELET_EXTRA_ARGS=--v=4\\ ${FLAG}\n`);
    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.history]).toContain('--v=4 in place of --v=3');
    host.startKubelet();
    await hostChanged();
    expect(host.runningArgv?.slice(-2)).toEqual(['--v=4', FLAG]);
    expect(host.restarts).toBe(1);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is in force when its person restarted the kubelet before the agent could follow', async () => {
    setSource('--v=4');
    host.advance(1000);
    host.startKubelet();
    await hostChanged();

    expect(host.runningArgv?.slice(-2)).toEqual(['--v=4', FLAG]);
    expect(host.restarts).toBe(2);
  });

  test('is in force when its person restarted the kubelet while the agent wrote the file', async () => {
    setSource('--v=4');
    host.fault = (action) => {
      if (action === `write ${ENVIRONMENT_FILE}`) host.advance(1000);
      if (action === `write ${ENVIRONMENT_FILE}`) host.startKubelet();
      return undefined;
    };
    await hostChanged();
    host.fault = () => undefined;
    await hostChanged();

    expect(host.runningArgv?.slice(-2)).toEqual(['--v=4', FLAG]);
    expect(host.restarts).toBe(2);
    await hostChanged();
    expect(host.restarts).toBe(2);
  });

  test('is in force after a restart also where another party removed the file before', async () => {
    host.files.delete(ENVIRONMENT_FILE);
    host.startKubelet();
    await hostChanged();
    host.advance(60_000);
    const { restarts } = host;
    setSource('--v=4');
    host.advance(1000);
    host.startKubelet();
    await hostChanged();

    expect(host.runningArgv?.slice(-2)).toEqual(['--v=4', FLAG]);
    expect(host.restarts).toBe(restarts + 1);
  });

  test('is followed by the next agent, which reads from state.json what was copied', async () => {
    await agent.stop();
    setSource('--x=1');
    agent = await startedAgent(host, POLICY);

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(`KUBELET_EXTRA_ARGS=${FLAG}\\ --x=1\n`);
  });

  test('shows what it would change while the policy only observes', async () => {
    agent.setConfigMap(host.configMap({ ...POLICY, mode: 'Observe' }));
    setSource('--v=4');
    await hostChanged();

    expect(host.annotations[KEYS.state]).toBe('Observing');
    expect(host.annotations[KEYS.reason]).toContain('--v=4 in place of --v=3');
  });

  test('is shown beside the copy that another party edited as well', async () => {
    host.files.set(ENVIRONMENT_FILE, `KUBELET_EXTRA_ARGS='--v=5 ${FLAG}'\n`);
    setSource('--v=4');
    await hostChanged();

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(`KUBELET_EXTRA_ARGS='--v=5 ${FLAG}'\n`);
    expect(host.annotations[KEYS.reason]).toContain(`${ENVIRONMENT_FILE} has --v=5 and not --v=4`);
  });

  test('is in force after any order of edits, restarts and passes, and all that is left after mode Restore', async () => {
    const value = fc.constantFrom('--v=3', '--v=4', '--v=4 --x=1', '--x=1 --y=2', '--max-pods 110');
    const step = fc.oneof(
      value.map((source) => ({ source })),
      fc.constantFrom('restart', 'pass', 'pass'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), value, async (steps, last) => {
        await changedNode();
        for (const one of [...steps, { source: last }, 'restart', 'pass', 'pass'] as const) {
          // The agent starts a kubelet for one list at most four times in 20 minutes.
          host.advance(one === 'restart' ? 20 * 60_000 : 1000);
          if (one === 'restart') host.startKubelet();
          else if (one === 'pass') await hostChanged();
          else setSource(one.source);
        }
        const words = (host.runningArgv ?? []).slice(2).filter((word) => word !== FLAG);
        expect(words.toSorted()).toEqual(last.split(' ').toSorted());
        expect(host.runningArgv).toContain(FLAG);

        agent.setConfigMap(host.configMap({ ...POLICY, mode: 'Restore' }));
        await hostChanged();
        expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
        expect(host.runningArgv?.slice(2)).toEqual(last.split(' '));
        await agent.stop();
      }),
      { numRuns: 60 },
    );
  });

  test('is all that is left after mode Restore', async () => {
    setSource('--v=4');
    await hostChanged();
    agent.setConfigMap(host.configMap({ ...POLICY, mode: 'Restore' }));
    await hostChanged();

    expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    expect(host.runningArgv?.at(-1)).toBe('--v=4');
  });
});

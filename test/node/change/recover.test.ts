import { describe, expect, test } from 'vitest';
import { createAgent } from '../../../agent/node/agent.ts';
import { type Journal, printJournal } from '../../../agent/node/state/journal.ts';
import { JOURNAL_FILE, TAKEN_FILE, UNDONE_FILES } from '../../../agent/node/state/state-store.ts';
import { KEYS } from '../../../agent/names.ts';
import { sha256Of } from '../../../agent/text/hash.ts';
import { ENVIRONMENT_FILE, FakeHost, temporaryOf } from '../../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from '../started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n' };
const BEFORE = 'KUBELET_EXTRA_ARGS=--v=3\n';
const AFTER = "KUBELET_EXTRA_ARGS='--v=3 --allowed-unsafe-sysctls=net.core.somaxconn'\n";
const STATE_FILE = '/var/lib/kubelet-sysctl-agent/state.json';

/** The journal of a change that began while the kubelet of the first invocation ran. */
const journal = (over: Partial<Journal> = {}): string =>
  printJournal({
    unit: 'kubelet.service',
    invocation: '1'.padStart(32, '0'),
    file: ENVIRONMENT_FILE,
    before: Buffer.from(BEFORE),
    after: sha256Of(Buffer.from(AFTER)),
    flag: { before: undefined, after: '--allowed-unsafe-sysctls=net.core.somaxconn' },
    healthz: { address: '127.0.0.1', port: 10_248 },
    desired: ['net.core.somaxconn'],
    nodeSoakSeconds: 10,
    situation: 'then',
    past: {
      at: '2026-11-24T01:59:00.000Z',
      reason: 'Adds net.core.somaxconn.',
      revision: 'b6b9734149',
      file: ENVIRONMENT_FILE,
      before: sha256Of(Buffer.from(BEFORE)),
      after: sha256Of(Buffer.from(AFTER)),
      from: [],
      to: ['net.core.somaxconn'],
    },
    remembered: { lastApplied: { ours: [], folded: [] } },
    lastApplied: { ours: ['net.core.somaxconn'], folded: [] },
    ...over,
  });

/** A host whose kubelet was started with the first bytes, and again with the second ones if there are any. */
function hostWith(first: string, second?: string): FakeHost {
  const host = new FakeHost({ [ENVIRONMENT_FILE]: first }).startKubelet();
  if (second !== undefined) {
    host.files.set(ENVIRONMENT_FILE, second);
    host.startKubelet();
  }
  host.armed = 250;
  return host;
}

const written = (host: FakeHost): readonly string[] =>
  host.actions.filter((action) => /^(?:write|remove) .*\/etc|^restart|^start/u.test(action));

const history = (host: FakeHost): readonly { result: string; why?: string }[] =>
  JSON.parse(host.files.get(STATE_FILE) ?? '{}').history ?? [];

describe('a change that an earlier run of the agent left open', () => {
  test('is verified, soaked and committed without a restart when the kubelet runs with it', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(JOURNAL_FILE, journal());
    const begun = host.now.getTime();

    await startedAgent(host, POLICY);

    expect(written(host)).toEqual([]);
    expect(host.now.getTime() - begun).toBeGreaterThanOrEqual(10_000);
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    expect(host.armed).toBeUndefined();
    expect(history(host)).toMatchObject([{ result: 'Done' }]);
    expect(host.annotations).toMatchObject({ [KEYS.state]: 'Done', [KEYS.running]: 'net.core.somaxconn' });
    expect(JSON.parse(host.files.get(STATE_FILE) ?? '').lastApplied.ours).toEqual(['net.core.somaxconn']);
  });

  test('needs no further report when the kubelet has reported its node since its start', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(JOURNAL_FILE, journal());
    host.advance(1000);
    const begun = host.now.getTime();

    await startedAgent(host, POLICY);

    expect(history(host)).toMatchObject([{ result: 'Done' }]);
    expect(host.now.getTime() - begun).toBeLessThan(12_000);
  });

  test('has its rollback timer restarted for the verification', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, POLICY);

    expect(host.actions.indexOf('arm')).toBeGreaterThanOrEqual(0);
    expect(host.actions.indexOf('arm')).toBeLessThan(host.actions.indexOf('disarm'));
  });

  test('is rolled back and has failed when the kubelet does not become healthy with it', async () => {
    const host = hostWith(BEFORE);
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    host.files.set(ENVIRONMENT_FILE, AFTER);
    host.startKubelet();
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, { allowedUnsafeSysctls: 'kernel.sem', mode: 'Observe' });

    expect(host.files.get(ENVIRONMENT_FILE)).toBe(BEFORE);
    expect(host.runningArgv).toContain('--v=3');
    expect(history(host)).toMatchObject([{ result: 'RolledBack' }]);
  });

  test('is soaked for 10 s, whatever the policy says, when systemd has restarted the kubelet since', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.autoRestarts = 1;
    host.files.set(JOURNAL_FILE, journal({ nodeSoakSeconds: 0 }));
    const begun = host.now.getTime();

    await startedAgent(host, POLICY);

    expect(history(host)).toMatchObject([{ result: 'Done' }]);
    expect(host.now.getTime() - begun).toBeGreaterThanOrEqual(10_000);
  });

  test('is undone without a restart and retried when no kubelet was started with it', async () => {
    const host = hostWith(BEFORE);
    host.files.set(ENVIRONMENT_FILE, AFTER);
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, POLICY);

    expect(written(host)).toEqual([`write ${ENVIRONMENT_FILE}`, `write ${ENVIRONMENT_FILE}`, 'restart']);
    expect(history(host)).toMatchObject([{ result: 'Undone' }, { result: 'Done' }]);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is dropped and retried when its file had not been written yet', async () => {
    const host = hostWith(BEFORE);
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, POLICY);

    expect(written(host)).toEqual([`write ${ENVIRONMENT_FILE}`, 'restart']);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(AFTER);
    expect(host.files.has(JOURNAL_FILE)).toBe(false);
  });

  test('is rolled back completely when its rollback was interrupted before the restart', async () => {
    const host = hostWith(BEFORE);
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    host.files.set(ENVIRONMENT_FILE, AFTER);
    host.startKubelet();
    host.files.set(ENVIRONMENT_FILE, BEFORE);
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, { ...POLICY, mode: 'Observe' });

    expect(written(host)).toEqual(['restart']);
    expect(host.runningArgv).toContain('--v=3');
  });

  test('leaves the file as another party has written it since', async () => {
    const theirs = 'KUBELET_EXTRA_ARGS=--v=5\n';
    const host = hostWith(BEFORE, theirs);
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, { ...POLICY, mode: 'Observe' });

    expect(written(host)).toEqual([]);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(theirs);
    expect(history(host)).toMatchObject([
      { result: 'Undone', why: expect.stringContaining('another party') },
    ]);
  });

  test('is completed while the API server is unreachable', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.apiServer = false;
    host.files.set(JOURNAL_FILE, journal());

    await startedAgent(host, POLICY);

    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    expect(history(host)).toMatchObject([{ result: 'Done' }]);
  });

  test('is completed before the Node and the ConfigMap were read', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(JOURNAL_FILE, journal());

    createAgent(host.ports(), {
      configMap: { namespace: 'agent', name: 'kubelet-sysctls' },
      jitterMs: 0,
      waitForApproval: false,
      onReported: () => {},
    });
    await atRest();

    expect(host.files.has(JOURNAL_FILE)).toBe(false);
    expect(host.annotations).toEqual({});
  });

  test('is reported and not touched when its journal is damaged', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(JOURNAL_FILE, journal().replace('kubelet.service', 'kubelet.servicf'));

    await startedAgent(host, POLICY);
    for (let pass = 0; pass < 3; pass += 1) {
      host.advance(10_000);
      await atRest();
    }

    expect(written(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toContain(JOURNAL_FILE);
  });
});

describe('a change that the host itself undid', () => {
  test.each([
    ['timer', /the agent did not complete it in time/u],
    ['boot', /the node went down during the change/u],
  ] as const)('by its %s counts as failed, with why, and nothing of it is left', async (by, why) => {
    const host = hostWith(BEFORE);
    host.files.set(UNDONE_FILES[by], journal());

    await startedAgent(host, POLICY);

    expect(history(host)).toMatchObject([
      { result: 'Undone', why: expect.stringMatching(why) },
      { result: 'Done' },
    ]);
    expect([...host.files.keys()].filter((path) => path.includes('undo'))).toEqual([]);
    expect(host.armed).toBeUndefined();
  });

  test('is not retried at once when the node is unchanged', async () => {
    const first = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    let text = '';
    first.restarted = async () => {
      text = first.files.get(JOURNAL_FILE) ?? '';
    };
    await startedAgent(first, POLICY);
    const host = hostWith(BEFORE);
    host.files.set(UNDONE_FILES.timer, text);

    await startedAgent(host, POLICY);

    expect(written(host)).toEqual([]);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(host.annotations[KEYS.reason]).toMatch(/did not complete it in time.*Next try at/u);

    host.advance(31_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is retried at once when the clock was set back since', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    await startedAgent(host, POLICY);
    expect(host.annotations[KEYS.state]).toBe('Degraded');
    host.crash = () => undefined;
    host.now = new Date(host.now.getTime() - 86_400_000);
    host.clockSetBy -= 86_400_000;

    await startedAgent(host, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is completed by the agent when the script was interrupted', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(TAKEN_FILE, journal());

    await startedAgent(host, POLICY);

    expect(host.files.has(TAKEN_FILE)).toBe(false);
    expect(host.annotations[KEYS.state]).toBe('Done');
  });

  test('is rolled back by the agent when the script was interrupted and the kubelet does not start with it', async () => {
    const host = hostWith(BEFORE);
    host.crash = (argv) => (argv.join().includes('somaxconn') ? 'E run.go] "no"' : undefined);
    host.files.set(ENVIRONMENT_FILE, AFTER);
    host.startKubelet();
    host.files.set(TAKEN_FILE, journal());

    await startedAgent(host, { ...POLICY, mode: 'Observe' });

    expect(written(host)).toEqual([`write ${ENVIRONMENT_FILE}`, 'restart']);
    expect(host.runningArgv).toContain('--v=3');
    expect(history(host)).toMatchObject([{ result: 'RolledBack' }]);
    expect(host.files.has(TAKEN_FILE)).toBe(false);
  });

  test.each([
    ['by its timer', UNDONE_FILES.timer],
    ['at boot', UNDONE_FILES.boot],
    ['and was interrupted', TAKEN_FILE],
  ])('%s has its timer and journal removed, also when no change follows', async (_how, path) => {
    const host = hostWith(BEFORE);
    host.files.set(path, journal());

    await startedAgent(host, { ...POLICY, mode: 'Observe' });

    expect(host.armed).toBeUndefined();
    expect([...host.files.keys()].filter((file) => file.includes('und'))).toEqual([]);
  });

  test('counts as one failure, also when the agent is killed before it has removed the journal', async () => {
    const host = hostWith(BEFORE);
    host.files.set(UNDONE_FILES.timer, journal());
    await startedAgent(host, { ...POLICY, mode: 'Observe' });
    const once = JSON.parse(host.files.get(STATE_FILE) ?? '').failure;
    host.files.set(UNDONE_FILES.timer, journal());

    await startedAgent(host, { ...POLICY, mode: 'Observe' });

    expect(JSON.parse(host.files.get(STATE_FILE) ?? '').failure).toEqual(once);
  });

  test.each(Object.values(UNDONE_FILES))(
    'after it was saved and before it was committed restores the earlier state (%s)',
    async (path) => {
      const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
      await startedAgent(host, { allowedUnsafeSysctls: 'kernel.sem' });
      const earlier = host.files.get(ENVIRONMENT_FILE) ?? '';
      let text = '';
      host.restarted = async () => {
        text = host.files.get(JOURNAL_FILE) ?? '';
      };
      await startedAgent(host, POLICY);
      host.files.set(path, text);
      host.files.set(ENVIRONMENT_FILE, earlier);
      host.startKubelet();

      await startedAgent(host, POLICY);
      host.advance(31_000);
      await atRest();

      expect(host.files.get(ENVIRONMENT_FILE)).toBe(AFTER);
      expect(host.annotations[KEYS.drift]).toBeUndefined();
    },
  );

  test('while a new agent was completing it is not Done', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(JOURNAL_FILE, journal());
    host.onSleep = () => {
      host.onSleep = () => {};
      host.files.set(UNDONE_FILES.timer, host.files.get(JOURNAL_FILE) ?? '');
      host.files.delete(JOURNAL_FILE);
      host.files.set(ENVIRONMENT_FILE, BEFORE);
    };

    await startedAgent(host, { ...POLICY, mode: 'Observe' });
    host.advance(1000);
    await atRest();

    expect(history(host)).toMatchObject([{ result: 'Undone' }]);
    expect(host.files.has(UNDONE_FILES.timer)).toBe(false);
    expect(host.armed).toBeUndefined();
  });

  test('while a new agent was undoing it is not undone again: the kubelet has had its restart', async () => {
    const host = hostWith(BEFORE, AFTER);
    host.files.set(ENVIRONMENT_FILE, BEFORE);
    host.files.set(JOURNAL_FILE, journal());
    host.healthy = () => false;
    host.fault = (action) => {
      if (action === 'arm' && host.files.has(JOURNAL_FILE)) {
        host.files.set(UNDONE_FILES.timer, host.files.get(JOURNAL_FILE) ?? '');
        host.files.delete(JOURNAL_FILE);
        host.startKubelet();
        host.healthy = () => true;
      }
      return undefined;
    };

    await startedAgent(host, { ...POLICY, mode: 'Observe' });
    host.advance(1000);
    await atRest();

    expect(written(host)).toEqual([]);
    expect(history(host)).toMatchObject([
      { result: 'Undone', why: expect.stringContaining('did not complete it in time') },
    ]);
    expect(host.files.has(UNDONE_FILES.timer)).toBe(false);
    expect(host.armed).toBeUndefined();
  });

  test('while the agent took it for done is planned again', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    host.restarted = async () => {
      host.restarted = () => Promise.resolve();
      host.files.set(UNDONE_FILES.timer, host.files.get(JOURNAL_FILE) ?? '');
      host.files.delete(JOURNAL_FILE);
    };

    await startedAgent(host, POLICY);
    host.advance(1000);
    await atRest();

    expect(history(host)).toMatchObject([{ result: 'Undone' }]);
  });
});

describe('an agent that was killed before it wrote its journal', () => {
  test('is followed by an agent that removes what it had prepared', async () => {
    const host = hostWith(BEFORE);
    const leftovers = [ENVIRONMENT_FILE, JOURNAL_FILE, STATE_FILE].map(temporaryOf);
    leftovers.forEach((path) => host.files.set(path, 'half'));

    await startedAgent(host, { ...POLICY, mode: 'Observe' });

    expect(leftovers.filter((path) => host.files.has(path))).toEqual([]);
    expect(host.armed).toBeUndefined();
  });
});

describe('an agent that was killed while it removed its folder', () => {
  test('is followed by an agent that removes the rest of the folder', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: BEFORE }).startKubelet();
    host.files.set('/var/lib/kubelet-sysctl-agent/undo', 'script');

    await startedAgent(host, { mode: 'Restore' });

    expect([...host.files.keys()].filter((path) => path.includes('sysctl-agent'))).toEqual([]);
  });
});

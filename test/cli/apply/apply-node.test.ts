import { describe, expect, it } from 'vitest';
import { type Applied, applyNode } from '../../../agent/cli/apply/apply-node.ts';
import { PlanError, type PlanErrorData } from '../../../agent/cli/plan/plan-answer.ts';
import { STATE_DIR } from '../../../agent/names.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost, fakeProgram } from '../../../scripts/fakes/fake-host.ts';
import { startedAgent } from '../../node/started-agent.ts';

const LIST = { allowedUnsafeSysctls: 'net.core.somaxconn' };
const LINE = 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n';

/** A host that boots: its kubelet has not been started yet. */
function booting(files: Readonly<Record<string, string>> = {}): FakeHost {
  const host = new FakeHost(files);
  host.active = false;
  return host;
}

function applied(
  host: FakeHost,
  data: Readonly<Record<string, string>>,
  { dryRun = false, labels = {} }: { dryRun?: boolean; labels?: Readonly<Record<string, string>> } = {},
): Promise<Applied> {
  const parsed = parsePolicy(data);
  if (!parsed.ok) throw new Error(parsed.errors[0]?.message);
  const node = { name: 'n1', uid: '', labels, annotations: {} };
  return applyNode(host.ports(), { policy: parsed.policy, data, node, dryRun });
}

/** The error when nothing may be written. */
async function refusal(host: FakeHost, data: Readonly<Record<string, string>>): Promise<PlanErrorData> {
  const error: unknown = await applied(host, data).catch((thrown: unknown) => thrown);
  if (!(error instanceof PlanError)) throw new Error('Expected a PlanError', { cause: error });
  expect(host.actions).not.toContain(`write ${ENVIRONMENT_FILE}`);
  return error.data;
}

describe('applyNode', () => {
  it('writes the list for a kubelet that has not been started, and restarts nothing', async () => {
    const host = booting();
    expect(await applied(host, LIST)).toMatchObject({ written: [ENVIRONMENT_FILE], note: undefined });
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(LINE);
    expect(host.restarts).toBe(0);
    expect(host.startKubelet().runningArgv).toContain('--allowed-unsafe-sysctls=net.core.somaxconn');
  });

  it('keeps the other arguments, the list of the config file, and adds what a profile has for the labels', async () => {
    const host = booting({
      [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS="--v=2"\n',
      [CONFIG_FILE]: 'kind: KubeletConfiguration\nallowedUnsafeSysctls: [fs.mqueue.*]\n',
    });
    const profiles = '- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: [kernel.sem]\n';
    await applied(host, { ...LIST, profiles }, { labels: { pool: 'db' } });
    expect(host.files.get(ENVIRONMENT_FILE)).toMatch(/--v=2 --allowed-unsafe-sysctls=/u);
    for (const name of ['fs.mqueue.*', 'kernel.sem', 'net.core.somaxconn']) {
      expect(host.files.get(ENVIRONMENT_FILE)).toContain(name);
    }
  });

  it('writes nothing the second time', async () => {
    const host = booting();
    await applied(host, LIST);
    const before = host.actions.length;
    expect(await applied(host, LIST)).toMatchObject({ written: [], plan: { changed: false } });
    expect(host.actions).toHaveLength(before);
  });

  it('leaves an agent nothing to do, and lets mode: Restore bring back the bytes from before', async () => {
    const host = booting({ [ENVIRONMENT_FILE]: '# mine\n' });
    await applied(host, LIST);
    host.active = true;
    host.startKubelet();
    const agent = await startedAgent(host, LIST);
    await agent.stop();
    expect(host.restarts).toBe(0);
    host.endKubelet({ isByJob: true, code: 'exited', status: 0, result: 'success' });
    host.active = false;
    expect(await applied(host, { mode: 'Restore', inUse: 'Proceed' })).toMatchObject({
      written: [ENVIRONMENT_FILE],
    });
    expect(host.files.get(ENVIRONMENT_FILE)).toBe('# mine\n');
    expect([...host.files.keys()].filter((path) => path.startsWith(STATE_DIR))).toEqual([]);
  });

  it('says what it would write in a dry run, and writes nothing', async () => {
    const host = booting();
    const { plan, written, note } = await applied(host, LIST, { dryRun: true });
    expect([plan.changed, written, note]).toEqual([true, [], 'This is a dry run. Nothing was written.']);
    expect(host.actions).toEqual([]);
  });

  it.each([{ paused: 'true' }, { mode: 'Observe' }])(
    'writes nothing while the policy says %j',
    async (setting) => {
      const host = booting();
      expect(await applied(host, { ...LIST, ...setting })).toMatchObject({
        written: [],
        note: expect.stringMatching(/^The policy (is paused|only observes)\. Nothing was written\.$/u),
      });
      expect(host.files.has(ENVIRONMENT_FILE)).toBe(false);
    },
  );

  it('does not change a running kubelet, and says what to do', async () => {
    const host = new FakeHost().startKubelet();
    expect((await refusal(host, LIST)).message).toMatch(
      /kubelet\.service runs \(active\/running\).*Nothing was written.*systemctl start kubelet-sysctl-agent\.service/u,
    );
  });

  it('does not change a kubelet that starts just now', async () => {
    const host = new FakeHost().startKubelet();
    host.between = { activeState: 'activating', subState: 'start-pre' };
    expect((await refusal(host, LIST)).message).toContain('activating/start-pre');
  });

  it('writes for a kubelet that waits for its next automatic start', async () => {
    const host = new FakeHost();
    await applied(host, LIST);
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(LINE);
  });

  it('has no word against a running kubelet that has the list already', async () => {
    const host = new FakeHost({ [ENVIRONMENT_FILE]: LINE }).startKubelet();
    expect(await applied(host, LIST)).toMatchObject({ written: [], note: undefined });
  });

  it('does not take a name away, unless the policy says Proceed', async () => {
    const host = booting();
    await applied(host, { allowedUnsafeSysctls: 'kernel.sem,net.core.somaxconn' });
    const before = host.files.get(ENVIRONMENT_FILE);
    await expect(applied(host, LIST)).rejects.toThrow('would no longer allow kernel.sem');
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(before);
    await applied(host, { ...LIST, inUse: 'Proceed' });
    expect(host.files.get(ENVIRONMENT_FILE)).toBe(LINE);
  });

  it('does not guess the list of a config file that is not there yet', async () => {
    const host = booting();
    host.files.delete(CONFIG_FILE);
    expect(await refusal(host, LIST)).toMatchObject({
      kind: 'refused',
      file: CONFIG_FILE,
      message: expect.stringContaining('The list in it is not known'),
    });
  });

  it('leaves a change alone that an agent has begun', async () => {
    const host = booting();
    const running = new FakeHost().startKubelet();
    const restart = Promise.withResolvers<void>();
    running.restarted = () => restart.promise;
    await startedAgent(running, LIST);
    for (const [path, content] of running.files)
      if (path.startsWith(STATE_DIR)) host.files.set(path, content);
    expect((await refusal(host, LIST)).message).toContain('An agent began a change here that is not ended.');
  });

  it('says that the unit starts no kubelet', async () => {
    const host = booting();
    host.programs['/usr/bin/docker'] = fakeProgram('/usr/bin/docker');
    host.execStart = ['/usr/bin/docker', 'run', 'kubelet'];
    expect(await refusal(host, LIST)).toMatchObject({ kind: 'unreconcilable' });
  });
});

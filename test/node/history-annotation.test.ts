import { describe, expect, test } from 'vitest';
import { parseHistory } from '../../agent/report/history.ts';
import { KEYS } from '../../agent/names.ts';
import { FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn\n' };
const STATE_FILE = '/var/lib/kubelet-sysctl-agent/state.json';

/** A node after its first change and the report of it. */
async function changedNode() {
  const host = new FakeHost().startKubelet();
  const agent = await startedAgent(host, POLICY);
  const edit = async (data: Readonly<Record<string, string>>): Promise<void> => {
    agent.setConfigMap(host.configMap(data));
    await atRest();
    host.advance(1000);
    await atRest();
  };
  await edit(POLICY);
  return { host, agent, edit, shown: () => parseHistory(host.annotations[KEYS.history] ?? '[]') };
}

describe('the annotation history', () => {
  test('holds a change as soon as its result is reported', async () => {
    const { host, shown } = await changedNode();
    expect(shown()).toEqual(JSON.parse(host.files.get(STATE_FILE) ?? '').history);
    expect(shown()).toMatchObject([{ result: 'Done', from: [], to: ['net.core.somaxconn'] }]);
    expect(host.actions.filter((action) => action === 'patch Done')).toHaveLength(1);
  });

  test('holds a change that was rolled back, with the cause', async () => {
    const { host, edit, shown } = await changedNode();
    host.crash = (argv) =>
      argv.join().includes('kernel.sem') ? 'E1124 02:00:00.000000 1 run.go:72] no' : undefined;
    await edit({ allowedUnsafeSysctls: 'kernel.sem\n' });
    expect(shown().map(({ result }) => result)).toEqual(['Done', 'RolledBack']);
    expect(shown().at(-1)?.why).toContain('run.go:72');
  });

  test('is not written again by later passes, by the watch’s echo or by a new agent', async () => {
    const { host, agent } = await changedNode();
    host.actions.length = 0;
    agent.setNode(host.node());
    agent.hostChanged();
    host.advance(1000);
    await atRest();
    await agent.stop();
    await startedAgent(host, POLICY);
    expect(host.actions.filter((action) => action.startsWith('patch'))).toEqual([]);
  });

  test('is written again when an edit of the Node changed it', async () => {
    const { host, agent, shown } = await changedNode();
    const before = shown();
    host.annotations[KEYS.history] = '[]';
    agent.setNode(host.node());
    await atRest();
    expect(shown()).toEqual(before);
  });

  test('is removed once mode: Restore has restored the file', async () => {
    const { host, edit } = await changedNode();
    await edit({ mode: 'Restore' });
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(host.annotations).not.toHaveProperty([KEYS.history]);
  });
});

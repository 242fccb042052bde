// The labels that tell the scheduler what the node's kubelet allows.

import { describe, expect, test } from 'vitest';
import type { Agent } from '../../agent/node/agent.ts';
import { KEYS } from '../../agent/names.ts';
import { allowedByLabels } from '../../agent/policy/labelled.ts';
import { CONFIG_FILE, ENVIRONMENT_FILE, FakeHost } from '../../scripts/fakes/fake-host.ts';
import { atRest, startedAgent } from './started-agent.ts';
import { WEB_POD } from './web-pod.ts';

const POLICY = { allowedUnsafeSysctls: 'net.core.somaxconn,kernel.msgmax', nodeSoakSeconds: '0' };
const ONE = { allowedUnsafeSysctls: 'kernel.msgmax', nodeSoakSeconds: '0' };
const BOTH_NAMES = ['kernel.msgmax', 'net.core.somaxconn'];
const PROFILE = (list: string): Readonly<Record<string, string>> => ({
  allowedUnsafeSysctls: 'kernel.msgmax',
  profiles: `- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: [${list}]\n`,
});

const shown = (host: FakeHost): readonly string[] => allowedByLabels(host.labels).toSorted();

/** Records the labels of the Node at each restart. */
function atRestarts(host: FakeHost): (readonly string[])[] {
  const labels: (readonly string[])[] = [];
  host.fault = (action) => {
    if (action === 'restart') labels.push(shown(host));
    return undefined;
  };
  return labels;
}

async function done(
  data: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<{ host: FakeHost; agent: Agent }> {
  const host = new FakeHost(files).startKubelet();
  const agent = await startedAgent(host, data);
  expect(host.annotations[KEYS.state]).toBe('Done');
  agent.setNode(host.node());
  await atRest();
  host.actions.length = 0;
  return { host, agent };
}

async function edit(host: FakeHost, agent: Agent, data: Readonly<Record<string, string>>): Promise<void> {
  agent.setConfigMap(host.configMap(data));
  await atRest();
}

describe('the labels of the sysctls that the kubelet allows', () => {
  test('are set with the report of the first change, in one request', async () => {
    const host = new FakeHost().startKubelet();
    const labels = atRestarts(host);

    await startedAgent(host, POLICY);

    expect(shown(host)).toEqual(BOTH_NAMES);
    expect(labels).toEqual([[]]);
    expect(host.actions.filter((action) => action.startsWith('patch'))).toEqual(['patch Done']);
  });

  test('are removed before the restart that withdraws the name, with the state, and cost one request', async () => {
    const { host, agent } = await done(POLICY);
    const labels = atRestarts(host);

    await edit(host, agent, ONE);

    expect(labels).toEqual([['kernel.msgmax']]);
    expect(shown(host)).toEqual(['kernel.msgmax']);
    expect(host.actions.filter((action) => action.startsWith('patch'))).toEqual([
      'patch Working',
      'patch Done',
    ]);
  });

  test('stay while the change waits for a pod that uses the name', async () => {
    const { host, agent } = await done(POLICY);
    host.pods = [WEB_POD];

    await edit(host, agent, ONE);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(shown(host)).toEqual(BOTH_NAMES);
  });

  test('come back when a pod that the scheduler bound in the last moment aborts the change', async () => {
    const { host, agent } = await done(POLICY);
    host.fault = (action) => {
      if (action === `write ${ENVIRONMENT_FILE}`) host.pods = [WEB_POD];
      return undefined;
    };

    await edit(host, agent, ONE);

    expect(host.annotations[KEYS.state]).toBe('Blocked');
    expect(host.actions).not.toContain('restart');
    expect(shown(host)).toEqual(BOTH_NAMES);
  });

  test('keep the restart waiting while the API server does not take their removal', async () => {
    const { host, agent } = await done(POLICY);
    host.fault = (action) => (action.startsWith('patch') ? new Error('connect ECONNREFUSED') : undefined);

    await edit(host, agent, ONE);
    expect(host.actions).not.toContain('restart');

    host.fault = () => undefined;
    host.advance(60_000);
    await atRest();
    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(shown(host)).toEqual(['kernel.msgmax']);
  });

  test('do not keep a restart waiting that withdraws nothing', async () => {
    const { host, agent } = await done(ONE);
    host.fault = (action) => (action.startsWith('patch') ? new Error('connect ECONNREFUSED') : undefined);

    await edit(host, agent, POLICY);

    expect(host.actions).toContain('restart');
  });

  test('are not set for a change that is rolled back, and stay for what it kept', async () => {
    const { host, agent } = await done(ONE);
    host.crash = (argv) =>
      argv.some((word) => word.includes('somaxconn')) ? 'this list is refused' : undefined;

    await edit(host, agent, POLICY);

    expect(host.annotations[KEYS.state]).toBe('Degraded');
    expect(shown(host)).toEqual(['kernel.msgmax']);
  });

  test('are shown for a name of a profile of other nodes that the kubelet allows by a pattern', async () => {
    const { host } = await done({ ...PROFILE('net.core.somaxconn'), allowedUnsafeSysctls: 'net.core.*' });
    expect(shown(host)).toEqual(['net.core.somaxconn']);
  });

  test('are not shown for a name of a profile of other nodes', async () => {
    const { host } = await done(PROFILE('net.core.somaxconn'));
    expect(shown(host)).toEqual(['kernel.msgmax']);
  });

  test('stay when the policy names a pattern in place of the name: pods that run select them', async () => {
    const { host, agent } = await done(POLICY);

    await edit(host, agent, { allowedUnsafeSysctls: 'net.core.*,kernel.msgmax' });

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(shown(host)).toEqual(BOTH_NAMES);
  });

  test('are removed after another party has restarted the kubelet without the name', async () => {
    const { host, agent } = await paused();
    host.files.set(ENVIRONMENT_FILE, 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.msgmax\n');
    host.startKubelet();
    agent.hostChanged();
    host.advance(100);
    await atRest();
    expect(shown(host)).toEqual(['kernel.msgmax']);
  });

  test('are removed by mode Restore, also for what the kubelet allows by its own configuration', async () => {
    const { host, agent } = await done(POLICY, { [CONFIG_FILE]: 'allowedUnsafeSysctls: [kernel.msgmax]\n' });
    const labels = atRestarts(host);

    await edit(host, agent, { mode: 'Restore', ...POLICY });

    expect(host.annotations[KEYS.state]).toBe('Done');
    expect(labels).toEqual([['kernel.msgmax']]);
    expect(shown(host)).toEqual([]);
  });

  test('cost no request when nothing changed', async () => {
    const { host, agent } = await done(POLICY);
    agent.hostChanged();
    host.advance(1000);
    await atRest();
    expect(host.actions).toEqual([]);
  });
});

/** A paused node whose kubelet runs with both names by another party's flag. */
async function paused(): Promise<{ host: FakeHost; agent: Agent }> {
  const host = new FakeHost({
    [ENVIRONMENT_FILE]: 'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn,kernel.msgmax\n',
  }).startKubelet();
  const agent = await startedAgent(host, { ...POLICY, paused: 'true' });
  expect(host.annotations[KEYS.state]).toBe('Observing');
  expect(shown(host)).toEqual(BOTH_NAMES);
  return { host, agent };
}

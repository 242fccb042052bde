import { describe, expect, it } from 'vitest';
import { parseFleetNode } from '../../../agent/cluster/objects/fleet-node.ts';
import { objectAt, stringMapAt } from '../../../agent/cluster/http/json.ts';
import type { SysctlPod } from '../../../agent/plan/in-use.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import type { Policy } from '../../../agent/policy/policy.ts';
import { forecast, type NodeForecast } from '../../../agent/rollout/forecast/forecast.ts';
import { node, type NodeFacts } from '../../cli/kubectl/nodes.ts';

const NOW = { allowedUnsafeSysctls: 'net.core.somaxconn' };

const pod: SysctlPod = {
  uid: 'uid-web',
  namespace: 'default',
  name: 'web',
  phase: 'Running',
  taken: true,
  sysctls: ['net.core.somaxconn'],
  hostNetwork: false,
  hostIpc: false,
};

function policy(data: Readonly<Record<string, string>>): Policy {
  const result = parsePolicy(data);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.policy;
}

/** The forecast of an edit to `data` for a node that is Done with NOW. */
function edit(
  data: Readonly<Record<string, string>>,
  { facts = {}, pods = [] }: { facts?: NodeFacts; pods?: readonly SysctlPod[] } = {},
): NodeForecast {
  const object = objectAt(node('node-1', facts, NOW));
  const annotations = stringMapAt(objectAt(object, 'metadata'), 'annotations');
  return forecast({ fleet: parseFleetNode(object).node, annotations }, policy(data), pods);
}

describe('an edit', () => {
  it('forecasts a restart for an edit that adds a name', () => {
    expect(edit({ allowedUnsafeSysctls: 'net.core.somaxconn, kernel.sem' })).toMatchObject({
      outcome: 'restart',
      added: ['kernel.sem'],
      removed: [],
      pods: [],
    });
  });

  it('forecasts nothing for an edit that changes no list', () => {
    expect(
      edit({ allowedUnsafeSysctls: 'net/core/somaxconn'.replaceAll('/', '.'), soakSeconds: '5' }),
    ).toMatchObject({
      outcome: 'nothing',
      added: [],
      removed: [],
    });
  });

  it('forecasts no restart when the kubelet allows the names already', () => {
    const facts = {
      running: 'net.core.*',
      drift: 'unmanaged: net.core.* (KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 1)',
    };
    expect(
      edit({ allowedUnsafeSysctls: 'net.core.somaxconn, net.core.rmem_default' }, { facts }),
    ).toMatchObject({
      outcome: 'no restart',
      added: [],
      removed: [],
    });
  });

  it('forecasts blocked for an edit that removes a name which a pod uses', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    expect(edit(data, { pods: [pod] })).toMatchObject({
      outcome: 'blocked',
      added: ['kernel.sem'],
      removed: ['net.core.somaxconn'],
      pods: [{ pod: 'default/web', sysctls: ['net.core.somaxconn'] }],
    });
    expect(edit(data)).toMatchObject({ outcome: 'restart', pods: [] });
  });

  it('forecasts a restart with inUse: Proceed and names the pods that it ends', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem', inUse: 'Proceed' };
    expect(edit(data, { pods: [pod] })).toMatchObject({ outcome: 'restart', pods: [{ pod: 'default/web' }] });
  });

  it.each([
    ['Keep', 'KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 1', []],
    ['Remove', 'KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 1', ['kernel.msg*']],
    ['Remove', '/var/lib/kubelet/config.yaml', []],
  ])('forecasts that unmanaged: %s removes from %s the entries %j', (unmanaged, origin, removed) => {
    const facts = { running: 'net.core.somaxconn,kernel.msg*', drift: `unmanaged: kernel.msg* (${origin})` };
    const data = { allowedUnsafeSysctls: 'net.core.somaxconn, kernel.sem', unmanaged };
    expect(edit(data, { facts })).toMatchObject({ outcome: 'restart', added: ['kernel.sem'], removed });
  });

  it('forecasts that mode: Restore removes only our own entries', () => {
    const facts = {
      running: 'net.core.somaxconn,kernel.msg*',
      drift: 'unmanaged: kernel.msg* (KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 1)',
    };
    expect(edit({ mode: 'Restore' }, { facts })).toMatchObject({
      outcome: 'restart',
      added: [],
      removed: ['net.core.somaxconn'],
    });
  });

  it('forecasts an edit of a profile only for nodes with its labels', () => {
    const data = {
      ...NOW,
      profiles: '[{name: db, nodeSelector: {pool: db}, allowedUnsafeSysctls: [kernel.sem]}]',
    };
    expect(edit(data).outcome).toBe('nothing');
    expect(edit(data, { facts: { labels: { pool: 'db' } } })).toMatchObject({ added: ['kernel.sem'] });
  });

  it('leaves out names with which an older kubelet would not start, and lists them', () => {
    const data = { allowedUnsafeSysctls: 'net.core.somaxconn, user.max_user_namespaces' };
    const { outcome, leftOut } = edit(data, { facts: { kubelet: 'v1.30.14' } });
    expect(outcome).toBe('nothing');
    expect(leftOut).toMatchObject([{ pattern: 'user.max_user_namespaces' }]);
  });

  it.each<[string, NodeFacts, RegExp]>([
    ['that is paused', { paused: true }, /paused/u],
    [
      "that the host's own service manages",
      { labels: { 'kubelet-sysctl-agent/host-service': 'true' } },
      /host's own service manages/u,
    ],
    ['that cannot be changed', { state: 'Unreconcilable', reason: 'No ExecStart.' }, /No ExecStart/u],
  ])('forecasts held for a node %s', (_title, facts, reason) => {
    expect(edit({ allowedUnsafeSysctls: 'kernel.sem' }, { facts })).toMatchObject({
      outcome: 'held',
      reason: expect.stringMatching(reason),
    });
  });
});

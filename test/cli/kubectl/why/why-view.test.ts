import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject } from '../../../../agent/cluster/http/json.ts';
import { shownNode, type ShownNode } from '../../../../agent/cli/kubectl/cluster/nodes.ts';
import type { Subject, WhyInput, WhyView } from '../../../../agent/cli/kubectl/why/types.ts';
import { whyView } from '../../../../agent/cli/kubectl/why/why-view.ts';
import { hostNamespaceOf, podsRefused } from '../../../../agent/plan/in-use.ts';
import { isNodeWide } from '../../../../agent/sysctl/node-wide.ts';
import { normaliseSysctl } from '../../../../agent/sysctl/normalise.ts';
import { parsePolicy } from '../../../../agent/policy/parse.ts';
import { node, POLICY, type NodeFacts } from '../nodes.ts';

const NAME = 'net.core.somaxconn';
const DB = { pool: 'db' };
/** The base list has kernel.sem, the nodes with pool=db have NAME too. */
const PROFILED = {
  allowedUnsafeSysctls: 'kernel.sem',
  profiles: '- name: db\n  nodeSelector: {pool: db}\n  allowedUnsafeSysctls: net.core.*\n',
};
type Data = Readonly<Record<string, string>>;

function shown(name: string, facts: NodeFacts = {}, wanted: Data = POLICY): ShownNode {
  const object = node(name, facts, wanted);
  if (!isObject(object)) throw new Error('Expected an object.');
  return shownNode(object);
}

const nodesOf = (data: Data, ...facts: readonly NodeFacts[]): readonly ShownNode[] =>
  facts.map((one, at) => shown(`n${at + 1}`, one, data));

function pod(...sysctls: readonly string[]): Subject {
  return {
    kind: 'Pod',
    namespace: 'shop',
    name: 'web',
    sysctls,
    hostNetwork: false,
    hostIpc: false,
    hostUsers: true,
    pod: { phase: 'Running', reason: '', message: '', node: 'n1' },
  };
}

function why(
  subject: Subject,
  data: Data,
  nodes: readonly ShownNode[],
  more: Partial<WhyInput> = {},
): WhyView {
  return whyView({ subject, policy: parsePolicy(data), nodes, namespaceLabels: {}, ...more });
}

function profile(name: string, selector: string): string {
  return `- name: ${name}\n  nodeSelector: {${selector}}\n  allowedUnsafeSysctls: kernel.sem\n`;
}

const selecting = (subject: Subject, nodeSelector: Data): Subject => ({
  ...subject,
  requirement: { nodeSelector, terms: undefined },
});

describe('whyView of a sysctl that the ConfigMap allows', () => {
  it('names the key and the line of the list, and needs no edit', () => {
    const data = { allowedUnsafeSysctls: '# web\nnet.core.somaxconn' };
    const view = why(pod(NAME), data, nodesOf(data, {}, {}));
    expect(view).toMatchObject({
      canRun: true,
      answer: 'Such a pod can run on every node (2) now.',
      edit: undefined,
      notes: [],
      nodes: { now: ['n1', 'n2'], later: [], unknown: [], no: [] },
      sysctls: [{ name: NAME, safe: 'unsafe', groups: [{ takes: 'now', nodes: ['n1', 'n2'] }] }],
    });
    expect(view.sysctls[0]?.groups[0]?.reason).toContain(
      'net.core.somaxconn of the ConfigMap (key allowedUnsafeSysctls, line 2)',
    );
  });

  it('reads the spelling with slashes as the one with dots', () => {
    const view = why(pod('net/core/somaxconn', NAME), POLICY, nodesOf(POLICY, {}));
    expect(view.sysctls.map(({ name }) => name)).toEqual([NAME, NAME]);
    expect(view.canRun).toBe(true);
  });

  it('waits for the rollout where the running kubelet lacks it, with the state and reason of the node', () => {
    const facts: NodeFacts[] = [
      { running: '' },
      { running: '', state: 'Pending', reason: 'Waits for an approval.' },
      { running: '', paused: true },
      {},
    ];
    const view = why(pod(NAME), POLICY, nodesOf(POLICY, ...facts));
    expect(view).toMatchObject({
      canRun: true,
      edit: undefined,
      nodes: { now: ['n4'], later: ['n1', 'n2', 'n3'] },
    });
    const reasons = view.sysctls[0]?.groups.map(({ reason }) => reason).join('\n');
    expect(reasons).toMatch(/turn in the rollout/u);
    expect(reasons).toMatch(/Pending: Waits for an approval\./u);
    expect(reasons).toMatch(/person paused/u);
  });

  it('cannot run yet where every node waits', () => {
    const view = why(pod(NAME), POLICY, nodesOf(POLICY, { running: '' }));
    expect(view).toMatchObject({ canRun: false, edit: undefined });
    expect(view.answer).toBe('Such a pod can run on no node now; 1 will take it later.');
  });

  it('does not run on a node that is not Ready', () => {
    const view = why(pod(NAME), POLICY, nodesOf(POLICY, { notReadySince: new Date(0) }));
    expect(view).toMatchObject({ canRun: false, nodes: { later: ['n1'] }, edit: undefined });
  });

  it('names the profile, and how to keep the pod on its nodes, beside the edit for the other nodes', () => {
    const view = why(pod(NAME), PROFILED, nodesOf(PROFILED, { labels: DB }, {}));
    expect(view).toMatchObject({
      canRun: true,
      nodes: { now: ['n1'], no: ['n2'] },
      edit: { key: 'allowedUnsafeSysctls', lines: [NAME] },
    });
    const [now, no] = view.sysctls[0]?.groups ?? [];
    expect(now?.reason).toContain('net.core.* of profile db (key profiles, line 3)');
    expect(no?.reason).toContain('profile db is for nodes with pool=db');
    expect(view.notes).toEqual([expect.stringContaining('nodeSelector with pool=db')]);
  });

  it('judges only the nodes that its node selector leaves, and needs no edit then', () => {
    const view = why(selecting(pod(NAME), DB), PROFILED, nodesOf(PROFILED, { labels: DB }, {}));
    expect(view).toMatchObject({ canRun: true, leftOut: ['n2'], edit: undefined });
  });

  it('says that no node fits a node selector', () => {
    const view = why(selecting(pod(NAME), { pool: 'none' }), POLICY, nodesOf(POLICY, {}));
    expect(view).toMatchObject({ canRun: false, leftOut: ['n1'], edit: undefined });
    expect(view.answer).toContain('none fits its node selector');
  });
});

describe('whyView of a sysctl on a list that the ConfigMap does not have', () => {
  it('names the place of another party', () => {
    const drift = `unmanaged: ${NAME} (KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 1)`;
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const view = why(pod(NAME), data, nodesOf(data, { running: `kernel.sem,${NAME}`, drift }));
    expect(view).toMatchObject({ canRun: true, edit: undefined });
    expect(view.sysctls[0]?.groups[0]?.reason).toBe(
      `allowed by another party: ${NAME} in KUBELET_EXTRA_ARGS in /etc/default/kubelet, line 1`,
    );
  });

  it('says that a change may remove what the ConfigMap no longer names', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const view = why(pod(NAME), data, nodesOf(data, { running: NAME }));
    expect(view.canRun).toBe(true);
    expect(view.sysctls[0]?.groups[0]?.reason).toContain('no longer by the ConfigMap');
  });
});

describe('whyView of a sysctl that no list allows', () => {
  const data = { allowedUnsafeSysctls: 'kernel.sem' };

  it('gives the line that allows it', () => {
    const view = why(pod(NAME, 'kernel.sem', 'net/ipv4/tcp_tw_reuse'), data, nodesOf(data, {}));
    expect(view).toMatchObject({
      canRun: false,
      answer: 'Such a pod can run on no node now.',
      edit: { key: 'allowedUnsafeSysctls', lines: [NAME, 'net.ipv4.tcp_tw_reuse'] },
    });
  });

  it('gives the edit after which the same question is answered with yes', () => {
    const { edit } = why(pod(NAME), data, nodesOf(data, {}));
    const edited = {
      ...data,
      [edit?.key ?? '']: [data.allowedUnsafeSysctls, ...(edit?.lines ?? [])].join('\n'),
    };
    expect(why(pod(NAME), edited, nodesOf(edited, {}))).toMatchObject({ canRun: true, edit: undefined });
  });

  it('edits the narrowest profile that has every node of the pod', () => {
    const profiles = profile('db', 'pool: db') + profile('a', 'pool: db, zone: a') + profile('b', 'zone: b');
    const labels = { pool: 'db', zone: 'a' };
    const view = why(
      selecting(pod(NAME), labels),
      { ...data, profiles },
      nodesOf({ ...data, profiles }, { labels }),
    );
    expect(view.edit).toEqual({ key: 'profiles', profile: 'a', lines: [NAME] });
  });

  it('gives no edit where the agent can change no node', () => {
    const view = why(pod(NAME), data, nodesOf(data, { state: 'Unreconcilable', reason: 'No target.' }));
    expect(view).toMatchObject({ canRun: false, edit: undefined });
    expect(view.sysctls[0]?.groups[0]?.reason).toContain('Unreconcilable: No target.');
  });

  it.each([
    [{ mode: 'Observe' }, 'mode: Observe'],
    [{ paused: 'true' }, 'paused is set'],
  ])('says with %j what keeps an edit from taking effect', (more, text) => {
    const view = why(pod(NAME), { ...data, ...more }, nodesOf(data, {}));
    expect(view.notes).toEqual([expect.stringContaining(text)]);
  });

  it('answers from the reports without a valid ConfigMap, or without the permission to read it', () => {
    const nodes = nodesOf(POLICY, { running: '' });
    const invalid = why(pod(NAME), { allowedUnsafeSysctls: 'vm.swappiness' }, nodes);
    expect(invalid).toMatchObject({ canRun: false, nodes: { later: ['n1'] }, edit: undefined });
    expect(invalid.notes[0]).toContain('not valid');
    const hidden = why(pod(NAME), {}, nodes, { policy: 'forbidden' });
    expect(hidden).toMatchObject({ nodes: { later: ['n1'] } });
    expect(hidden.notes[0]).toContain('may not read');
    const none = why(pod(NAME), {}, nodesOf(data, {}), { policy: undefined });
    expect(none).toMatchObject({
      edit: { lines: [NAME] },
      notes: [expect.stringContaining('does not exist')],
    });
  });
});

describe('whyView by the versions of the nodes', () => {
  it('needs no list for a safe name', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const view = why(pod('net.ipv4.tcp_syncookies'), data, nodesOf(data, {}));
    expect(view).toMatchObject({ canRun: true, edit: undefined, sysctls: [{ safe: 'safe' }] });
  });

  it('says on which kubelets a name is safe, and where it needs a list', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const view = why(pod('net.ipv4.tcp_rmem'), data, nodesOf(data, {}, { kubelet: 'v1.30.4' }));
    expect(view).toMatchObject({
      canRun: true,
      nodes: { now: ['n1'], no: ['n2'] },
      edit: { lines: ['net.ipv4.tcp_rmem'] },
      sysctls: [{ safe: 'safe from kubelet 1.32 and Linux 4.15 on' }],
    });
    expect(view.sysctls[0]?.groups[1]?.reason).toContain('this is kubelet 1.30, Linux 6.1');
  });

  it('says that an older kubelet does not know a name, which no edit changes', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const view = why(pod('kernel.domainname'), data, nodesOf(data, { kubelet: 'v1.36.1' }));
    expect(view).toMatchObject({ canRun: false, edit: undefined, nodes: { no: ['n1'] } });
    expect(view.sysctls[0]?.groups[0]?.reason).toContain('kubelet 1.36');
  });

  it('leaves open what a node without a report or a version takes', () => {
    const bare = shownNode({
      metadata: { name: 'new', resourceVersion: '1' },
      status: { nodeInfo: { kubeletVersion: 'v1.37.2', kernelVersion: '6.1.0' } },
    });
    const odd = shownNode({ metadata: { name: 'odd', resourceVersion: '1' } });
    const view = why(pod(NAME), POLICY, [bare, odd]);
    expect(view).toMatchObject({ canRun: false, edit: undefined, nodes: { unknown: ['new', 'odd'] } });
    expect(view.answer).toBe('Such a pod can run on no node now; of 2 it is not known.');
  });

  it("leaves open what a node takes that the host's own service manages, and edits no ConfigMap for it", () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const labels = { 'kubelet-sysctl-agent/host-service': 'true' };
    const view = why(pod(NAME), data, nodesOf(data, { labels }));
    expect(view).toMatchObject({ canRun: false, edit: undefined, nodes: { unknown: ['n1'] } });
    expect(view.sysctls[0]?.groups[0]?.reason).toContain("the host's own service manages its kubelet");
  });

  it('leaves open what stands behind the cut of a long list', () => {
    const data = { allowedUnsafeSysctls: 'kernel.sem' };
    const view = why(pod(NAME), data, nodesOf(data, { running: 'kernel.sem,net.co…' }));
    expect(view).toMatchObject({ canRun: false, edit: undefined, nodes: { unknown: ['n1'] } });
  });

  it('expects nothing of a node with another system', () => {
    const view = why(
      pod('net.ipv4.tcp_syncookies'),
      POLICY,
      nodesOf(POLICY, { labels: { 'kubernetes.io/os': 'windows' } }),
    );
    expect(view).toMatchObject({ canRun: false, nodes: { no: ['n1'] } });
  });

  it('says that a cluster has no node', () => {
    expect(why(pod(NAME), POLICY, [])).toMatchObject({
      canRun: false,
      answer: expect.stringContaining('has none'),
    });
  });
});

describe('whyView of a sysctl that no pod, or not this one, can set', () => {
  it.each([
    ['vm.swappiness', {}, 'not namespaced'],
    ['kernel.shmmx', {}, 'Did you mean kernel.shmmax?'],
    ['net.core.rmem_max', {}, 'a pod that names it does not start'],
    ['net/core/rmem_max', {}, 'a pod that names it does not start'],
    ['net.core.*', {}, 'pattern'],
    ['net..core', {}, 'two separators'],
    ['Net.core.somaxconn', {}, 'lowercase'],
    ['', {}, 'no valid name'],
    [NAME, { hostNetwork: true }, 'hostNetwork: true'],
    ['net.ipv4.tcp_syncookies', { hostNetwork: true }, 'hostNetwork: true'],
    ['kernel.sem', { hostIpc: true }, 'hostIPC: true'],
    ['fs/mqueue/msg_max', { hostIpc: true }, 'hostIPC: true'],
    ['user.max_user_namespaces', {}, 'hostUsers: false'],
  ])('explains %j with %j, and gives no edit', (name, host, text) => {
    const data = { allowedUnsafeSysctls: 'net.*\nkernel.sem\nfs.mqueue.*\nuser.*' };
    const view = why({ ...pod(name), ...host }, data, nodesOf(data, {}));
    expect(view).toMatchObject({
      canRun: false,
      edit: undefined,
      nodes: { no: ['n1'] },
      sysctls: [{ groups: [] }],
    });
    expect(view.sysctls[0]?.never).toContain(text);
    expect(view.answer).toMatch(/on no node/u);
  });

  it.each([
    ['kernel.sem', { hostNetwork: true }],
    [NAME, { hostIpc: true }],
    ['user.max_user_namespaces', { hostUsers: false }],
  ])('takes %s with %j', (name, host) => {
    const data = { allowedUnsafeSysctls: 'net.*\nkernel.sem\nuser.*' };
    expect(why({ ...pod(name), ...host }, data, nodesOf(data, {})).canRun).toBe(true);
  });

  it('can run on no node for the sake of one sysctl of several', () => {
    expect(why(pod(NAME, 'vm.swappiness'), POLICY, nodesOf(POLICY, {}))).toMatchObject({
      canRun: false,
      sysctls: [{ groups: [{ takes: 'now' }] }, { groups: [] }],
    });
  });
});

describe('whyView beside the in-use guard', () => {
  const names = fc.constantFrom(
    NAME,
    'net.core.rmem_max',
    'net.ipv4.tcp_rmem',
    'net/ipv4/tcp_syncookies',
    'kernel.sem',
    'fs.mqueue.msg_max',
  );
  const list = fc.uniqueArray(fc.constantFrom(NAME, 'net.core.*', 'net/ipv4/*', 'kernel.sem', 'fs.mqueue.*'));
  const facts = {
    sysctls: fc.array(names, { minLength: 1, maxLength: 3 }),
    running: list,
    hostNetwork: fc.boolean(),
    hostIpc: fc.boolean(),
    kubelet: fc.constantFrom(30, 37),
  };

  it('takes a pod exactly where a restarted kubelet with that list would admit it, but for what Linux keeps once for the node', () => {
    fc.assert(
      fc.property(fc.record(facts), ({ sysctls, running, hostNetwork, hostIpc, kubelet }) => {
        const subject = { ...pod(...sysctls), hostNetwork, hostIpc };
        const nodes = nodesOf(POLICY, { running: running.join(','), kubelet: `v1.${kubelet}.0` });
        const versions = { kubelet: { major: 1, minor: kubelet, patch: 0 }, kernel: undefined };
        const seen = { uid: 'u', namespace: 'shop', name: 'web', phase: 'Running', taken: true };
        const own = { ...seen, sysctls, hostNetwork: false, hostIpc: false };
        const refused = podsRefused([own], { running: undefined, next: running, ...versions });
        // The guard leaves out a pod that shares the namespace of a sysctl: every kubelet refuses it.
        const shares = sysctls.some((name) => hostNamespaceOf(subject, normaliseSysctl(name)) !== undefined);
        const expected = refused.length === 0 && !shares && !sysctls.some(isNodeWide);
        expect(why(subject, POLICY, nodes).canRun).toBe(expected);
      }),
    );
  });
});

describe('whyView and the namespace', () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };

  it('says that Pod Security refuses what every kubelet allows', () => {
    const view = why(pod(NAME), POLICY, nodesOf(POLICY, {}), { namespaceLabels: labels });
    expect(view).toMatchObject({ canRun: false, sysctls: [{ refusedByPodSecurity: 'baseline' }] });
    expect(view.answer).toContain('Pod Security refuses it');
    expect(view.notes).toEqual([expect.stringContaining('enforce=baseline')]);
  });

  it('says that it does not know the labels of a namespace that it may not read', () => {
    const view = why(pod(NAME), POLICY, nodesOf(POLICY, {}), { namespaceLabels: undefined });
    expect(view.canRun).toBe(true);
    expect(view.notes).toEqual([expect.stringContaining('not known')]);
  });

  it('says that a refused pod does not start again', () => {
    const status = { phase: 'Failed', reason: 'SysctlForbidden', message: 'no', node: 'n1' };
    const view = why({ ...pod(NAME), pod: status }, POLICY, nodesOf(POLICY, {}));
    expect(view).toMatchObject({ canRun: true, subject: { pod: status } });
    expect(view.notes).toEqual([expect.stringContaining('delete it')]);
  });
});

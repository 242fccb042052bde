import { describe, expect, it } from 'vitest';
import type { RefusedPod } from '../../../agent/node/ports.ts';
import { refusalWay } from '../../../agent/node/report/refusal-way.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';

const PROFILES =
  '- {name: databases, nodeSelector: {pool: db}, allowedUnsafeSysctls: [kernel.sem, "net.ipv4.tcp_*"]}';

/** Returns the text for a pod that n1 refused; without `data` there is no valid policy. */
function wayOf(
  sysctls: readonly string[],
  data: Readonly<Record<string, string>> | undefined,
  { labels = {}, message = `forbidden sysctl: "${sysctls[0]}" not allowlisted` } = {},
): string | undefined {
  const pod: RefusedPod = {
    uid: 'pod-uid',
    namespace: 'shop',
    name: 'web-1',
    owner: 'owner-uid',
    createdAt: new Date(0),
    sysctls,
    message,
  };
  const result = data && parsePolicy(data);
  const policy = result?.ok === true ? result.policy : undefined;
  return refusalWay(pod, { node: { name: 'n1', labels, state: 'Pending' }, policy, namespace: 'agents' });
}

describe('what the Event on a refused pod says', () => {
  it('names the key and the line to ask an administrator for when no list has the name', () => {
    expect(wayOf(['net.core.somaxconn'], { allowedUnsafeSysctls: 'kernel.shm*' })).toBe(
      'The kubelet of node n1 does not allow pods to set net.core.somaxconn. No list of the policy allows net.core.somaxconn ' +
        'on this node. Ask an administrator to add this line to the key allowedUnsafeSysctls of the ConfigMap ' +
        'agents/kubelet-sysctls: net.core.somaxconn.',
    );
  });

  it('names the profile that allows it elsewhere, and the nodeSelector to set', () => {
    const data = { allowedUnsafeSysctls: 'kernel.shm*', profiles: PROFILES };
    expect(wayOf(['kernel.sem', 'net.ipv4.tcp_mtu_probing'], data)).toMatch(
      /The profile databases allows kernel\.sem, net\.ipv4\.tcp_mtu_probing on nodes with pool=db\. Give the pod that nodeSelector/u,
    );
  });

  it.each([
    ['the base list', { allowedUnsafeSysctls: 'kernel.sem' }, {}],
    ['a profile of this node', { profiles: PROFILES }, { pool: 'db' }],
  ])('says that the node has still to change when %s allows it there', (_what, data, labels) => {
    expect(wayOf(['kernel.sem'], data, { labels })).toMatch(
      /The policy allows kernel\.sem on this node, but its kubelet does not run with it yet \(state Pending\)/u,
    );
  });

  it.each(['net.core.rmem_max', 'vm.max_map_count'])('says that no list can make %s work', (name) => {
    const text = wayOf([name], { allowedUnsafeSysctls: 'net.*' });
    expect(text).toContain(`No list can make ${name} work`);
    expect(text).not.toContain('Ask an administrator to add');
  });

  it('leaves out what the kubelet had accepted before the refused name, and safe names after it', () => {
    const text = wayOf(
      ['kernel.msgmax', 'net.core.somaxconn', 'net.ipv4.tcp_syncookies', 'kernel.sem'],
      { allowedUnsafeSysctls: 'kernel.msgmax' },
      { message: 'forbidden sysctl: "net.core.somaxconn" not allowlisted' },
    );
    expect(text).toContain('does not allow pods to set net.core.somaxconn, kernel.sem.');
  });

  it.each(['Observe', 'Restore'])('says that mode %s lets no list take effect', (mode) => {
    expect(wayOf(['kernel.sem'], { allowedUnsafeSysctls: 'kernel.msg*', mode })).toContain(`mode: ${mode}`);
  });

  it('says that the ConfigMap must be corrected first when it is not valid', () => {
    expect(wayOf(['kernel.sem'], { mode: 'x' })).toContain('an administrator must correct that first');
    expect(wayOf(['kernel.sem'], undefined)).toContain('an administrator must correct that first');
  });

  it.each(['forbidden sysctl: "net.core.somaxconn" not allowed with host net enabled', ''])(
    'is nothing when the kubelet refused the pod for something else: %j',
    (message) => {
      expect(wayOf(['net.core.somaxconn'], { allowedUnsafeSysctls: 'net.*' }, { message })).toBeUndefined();
    },
  );
});

import { describe, expect, it } from 'vitest';
import type { PolicyNow } from '../../../agent/rollout/decision/gate.ts';
import { listsId, viewPolicy } from '../../../agent/rollout/status/policy-view.ts';
import type { ConfigMapObject } from '../../../agent/policy/config-map.ts';

const NAME = { namespace: 'agents', name: 'kubelet-sysctls' };
const configMap = (data: Record<string, string>): ConfigMapObject => ({
  ...NAME,
  uid: 'u',
  resourceVersion: '1',
  data,
});
const view = (data: Record<string, string>): PolicyNow => viewPolicy(configMap(data), NAME);

function idOf(data: Record<string, string>): string | undefined {
  const { policy } = view(data);
  return policy && listsId(policy);
}

describe('the policy as the coordinator reads it', () => {
  it('returns no policy and the errors while the ConfigMap is not valid or does not exist', () => {
    expect(view({ allowedUnsafeSysctls: 'no/good*name' })).toMatchObject({
      policy: undefined,
      errors: [{ key: 'allowedUnsafeSysctls', line: 1 }],
    });
    expect(viewPolicy(undefined, NAME)).toMatchObject({
      policy: undefined,
      errors: [{ message: expect.stringContaining('agents/kubelet-sysctls') }],
    });
  });

  it('has another rollout id with other lists, and the same one at another pace', () => {
    const base = { allowedUnsafeSysctls: 'net.core.somaxconn' };
    expect(idOf(base)).toMatch(/^[0-9a-f]{10}$/u);
    expect(idOf({ ...base, paused: 'true', soakSeconds: '5' })).toBe(idOf(base));
    expect(idOf({ allowedUnsafeSysctls: 'kernel.sem' })).not.toBe(idOf(base));
    expect(idOf({ ...base, unmanaged: 'Remove' })).not.toBe(idOf(base));
  });
});

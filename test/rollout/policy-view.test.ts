import { describe, expect, it } from 'vitest';
import type { ConfigMapObject } from '../../agent/node/ports.ts';
import { viewPolicy } from '../../agent/rollout/policy-view.ts';

const configMap = (data: Record<string, string>): ConfigMapObject => ({
  namespace: 'agents',
  name: 'kubelet-sysctls',
  uid: 'u',
  resourceVersion: '1',
  data,
});
const view = (data: Record<string, string>) => viewPolicy(configMap(data), 'agents/kubelet-sysctls');

describe('the policy as the coordinator reads it', () => {
  it('is none, with the reason, while the ConfigMap is not valid or not there', () => {
    expect(view({ allowedUnsafeSysctls: 'no/good*name' })).toMatchObject({
      policy: undefined,
      problem: expect.stringContaining('allowedUnsafeSysctls, line 1'),
    });
    expect(viewPolicy(undefined, 'agents/kubelet-sysctls')).toMatchObject({
      policy: undefined,
      problem: expect.stringContaining('agents/kubelet-sysctls'),
    });
  });

  it('is another rollout with other lists, and the same one at another pace', () => {
    const base = { allowedUnsafeSysctls: 'net.core.somaxconn' };
    const { rollout } = { rollout: undefined, ...view(base) };
    expect(rollout).toMatch(/^[0-9a-f]{10}$/u);
    expect(view({ ...base, paused: 'true', soakSeconds: '5' })).toMatchObject({ rollout });
    expect(view({ allowedUnsafeSysctls: 'kernel.sem' })).not.toMatchObject({ rollout });
    expect(view({ ...base, unmanaged: 'Remove' })).not.toMatchObject({ rollout });
  });
});

import type { V1PodStatus } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { podState } from '../../../scripts/kubernetes/pod-state.ts';

const stateOf = (status: V1PodStatus): ReturnType<typeof podState> => podState({ status });
const container = { name: 'demo', image: 'i', imageID: '', ready: true, restartCount: 0 };

describe('podState', () => {
  it('is running when its container runs and it has an address', () => {
    const containerStatuses = [{ ...container, state: { running: {} } }];
    expect(stateOf({ phase: 'Running', containerStatuses, podIP: '10.0.0.2' })).toEqual({
      kind: 'running',
      ip: '10.0.0.2',
    });
    expect(stateOf({ phase: 'Running', containerStatuses }).kind).toBe('waiting');
  });

  it('has failed, with the message of the kubelet that refused it', () => {
    const refused = {
      phase: 'Failed',
      reason: 'SysctlForbidden',
      message: 'forbidden sysctl: "x" not allowlisted',
    };
    expect(stateOf(refused)).toEqual({ kind: 'failed', reason: 'SysctlForbidden', message: refused.message });
  });

  it('has failed when its container ended', () => {
    const ended = { ...container, state: { terminated: { exitCode: 3, message: 'no iptables' } } };
    expect(stateOf({ phase: 'Failed', containerStatuses: [ended] })).toEqual({
      kind: 'failed',
      reason: 'Failed',
      message: 'exit code 3: no iptables',
    });
  });

  it.each(['ErrImageNeverPull', 'ImagePullBackOff', 'CrashLoopBackOff', 'CreateContainerConfigError'])(
    'has failed when its container will not start: %s',
    (reason) => {
      const waiting = { ...container, state: { waiting: { reason, message: 'why' } } };
      expect(stateOf({ phase: 'Pending', containerStatuses: [waiting] })).toEqual({
        kind: 'failed',
        reason,
        message: 'why',
      });
    },
  );

  it('waits while the container is created, and has the reason why the scheduler waits', () => {
    const waiting = { ...container, state: { waiting: { reason: 'ContainerCreating' } } };
    expect(stateOf({ phase: 'Pending', containerStatuses: [waiting] })).toEqual({
      kind: 'waiting',
      why: 'Pending: ContainerCreating',
    });
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }];
    expect(stateOf({ phase: 'Pending', conditions })).toEqual({
      kind: 'waiting',
      why: 'Pending: 0/2 nodes are available',
    });
    expect(podState({})).toEqual({ kind: 'waiting', why: 'not seen yet' });
  });
});

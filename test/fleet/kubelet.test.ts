import { describe, expect, it } from 'vitest';
import { renewalMs } from './kubelet.ts';

describe("the leases of a fleet's nodes", () => {
  it('are renewed every 10 s, as kubelets do', () => {
    expect([1, 100, 500].map(renewalMs)).toEqual([10_000, 10_000, 10_000]);
  });

  it('are no more than 50 a second, however large the fleet is', () => {
    expect([1000, 5000].map(renewalMs)).toEqual([20_000, 100_000]);
  });
});

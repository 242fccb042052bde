// The renewals of one node's lease, followed for the moments in which a restarted kubelet is proven.

import type { LeaseWatch } from '../node/ports.ts';
import { BadAnswer } from './errors.ts';
import { objectAt, textAt, type JsonObject } from './fields.ts';
import { follow, type NodeFollowOptions } from './follow.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** Follows the lease from now on until stopped, whatever becomes of the connection. */
export function watchLease({ nodeName, ...options }: NodeFollowOptions): LeaseWatch {
  let renewTime: Date | undefined;
  const following = follow({
    ...options,
    path: PATH,
    fieldSelector: `metadata.name=${nodeName}`,
    take(lease) {
      renewTime = renewTimeOf(lease) ?? renewTime;
    },
  });
  return {
    isFollowed: () => following.isOpen(),
    renewed: (counts, waitMs) => following.until(() => renewTime !== undefined && counts(renewTime), waitMs),
    stop: () => following.stop(),
  };
}

function renewTimeOf(lease: JsonObject): Date | undefined {
  const text = textAt(objectAt(lease, 'spec'), 'renewTime');
  if (text === undefined) {
    return undefined;
  }
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new BadAnswer(`Expected the lease's renewTime to be a time, got ${JSON.stringify(text)}`);
  }
  return time;
}

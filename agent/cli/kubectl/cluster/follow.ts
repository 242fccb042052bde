// Watches the fleet: Nodes, the policy's ConfigMap, the coordinators' Lease.

import { ApiError } from '../../../cluster/http/errors.ts';
import { watchCollection } from '../../../cluster/watch/watch-collection.ts';
import type { WatchOptions } from '../../../cluster/watch/watch-loop.ts';
import { watchObject } from '../../../cluster/watch/watch-object.ts';
import { leaseOf, policyOf, readInstallation, type Installation } from './installation.ts';
import { inOrder, shownNode, type ShownNode } from './nodes.ts';
import type { Session } from '../session.ts';
import { CONFIG_MAP, LEASE } from '../../../names.ts';

export interface Fleet {
  readonly installation: Installation;
  readonly nodes: readonly ShownNode[];
}

export interface Following {
  /** The fleet as last observed. */
  fleet(): Fleet;
  /** The error because of which the fleet may be stale: the API server does not answer. undefined while it does. */
  trouble(): unknown;
  /** Ends the watches. */
  stop(): void;
}

/**
 * Reads the fleet once, then calls `onChange` after every change. Rejects when the first read fails; calls `onEnd` when a
 * watch cannot continue, such as when the API server withdraws the permission.
 */
export async function followFleet(
  session: Session,
  onChange: () => void,
  onEnd: (error: unknown) => void,
): Promise<Following> {
  const { transport, place } = session;
  const namespace = encodeURIComponent(place.namespace);
  const first = await readInstallation(session);
  const nodes = new Map<string, ShownNode>();
  let { policy, lease } = first;
  let trouble: unknown;
  let isSynced = false;
  const seen = Promise.withResolvers<void>();
  const changed = (): void => {
    if (isSynced) onChange();
  };

  const onFault = (error: unknown): void => (isSynced ? onEnd(error) : seen.reject(error));
  const listeners: Pick<WatchOptions, 'onError' | 'onRecovered' | 'onFault'> = {
    onFault,
    onError(error) {
      trouble = error;
      seen.reject(error);
      if (isSynced && error instanceof ApiError && (error.status === 401 || error.status === 403))
        onEnd(error);
      else changed();
    },
    onRecovered() {
      trouble = undefined;
      changed();
    },
  };
  const watches = [
    watchCollection({
      transport,
      path: '/api/v1/nodes',
      parse: shownNode,
      onList(listed) {
        nodes.clear();
        for (const [name, node] of listed) nodes.set(name, node);
        changed();
        return true;
      },
      onChanged(name, node) {
        nodes.set(name, node);
        changed();
      },
      onDeleted(name) {
        nodes.delete(name);
        changed();
      },
      ...listeners,
    }),
    watchObject({
      transport,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      name: CONFIG_MAP,
      parse: policyOf,
      onChange(next) {
        policy = next;
        changed();
      },
      ...listeners,
    }),
    ...(lease.kind === 'unknown' ? [] : [followLease()]),
  ];
  const stop = (): void => {
    for (const watch of watches) watch.stop();
  };
  try {
    await Promise.race([seen.promise, Promise.all(watches.slice(0, 2).map(({ synced }) => synced))]);
  } catch (error) {
    stop();
    throw error;
  }
  isSynced = true;
  return {
    fleet: () => ({ installation: { ...first, policy, lease }, nodes: inOrder([...nodes.values()]) }),
    trouble: () => trouble,
    stop,
  };

  /** The user may be allowed to get the Lease and not to watch it. */
  function followLease() {
    const watch = watchObject({
      transport,
      path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
      name: LEASE,
      parse: leaseOf,
      onChange(next) {
        lease = next ?? { kind: 'free' };
        changed();
      },
      onError(error) {
        if (error instanceof ApiError && error.status === 403) {
          lease = { kind: 'unknown', why: `you may not watch leases in namespace ${place.namespace}` };
          watch.stop();
        }
      },
      onFault,
    });
    return watch;
  }
}

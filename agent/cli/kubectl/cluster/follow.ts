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
  const first = await readInstallation(session);
  const picture = createPicture(first);
  let trouble: unknown;
  let isSynced = false;
  const failed = Promise.withResolvers<never>();
  const changed = (): void => {
    if (isSynced) onChange();
  };
  const onFault = (error: unknown): void => (isSynced ? onEnd(error) : failed.reject(error));
  const listeners: Listeners = {
    onFault,
    onError(error) {
      trouble = error;
      failed.reject(error);
      if (isSynced && error instanceof ApiError && (error.status === 401 || error.status === 403))
        onEnd(error);
      else changed();
    },
    onRecovered() {
      trouble = undefined;
      changed();
    },
  };
  const needed = [
    watchNodes(session, picture, changed, listeners),
    watchPolicy(session, picture, changed, listeners),
  ];
  const watches = [
    ...needed,
    ...(first.lease.kind === 'unknown' ? [] : [watchLease(session, picture, changed, onFault)]),
  ];
  const stop = (): void => {
    for (const watch of watches) watch.stop();
  };
  try {
    await Promise.race([failed.promise, Promise.all(needed.map(({ synced }) => synced))]);
  } catch (error) {
    stop();
    throw error;
  }
  isSynced = true;
  return { fleet: () => picture.fleet(), trouble: () => trouble, stop };
}

type Listeners = Pick<WatchOptions, 'onError' | 'onRecovered' | 'onFault'>;
type Watch = ReturnType<typeof watchObject>;

/** What was seen last. */
interface Picture {
  readonly nodes: Map<string, ShownNode>;
  setPolicy(policy: Installation['policy']): void;
  setLease(lease: Installation['lease']): void;
  fleet(): Fleet;
}

function createPicture(first: Installation): Picture {
  const nodes = new Map<string, ShownNode>();
  let { policy, lease, unread = [] } = first;
  return {
    nodes,
    setPolicy(next) {
      policy = next;
      unread = unread.filter(({ what }) => what !== 'policy');
    },
    setLease(next) {
      lease = next;
    },
    fleet: () => ({ installation: { ...first, policy, lease, unread }, nodes: inOrder([...nodes.values()]) }),
  };
}

function watchNodes(
  { transport }: Session,
  { nodes }: Picture,
  changed: () => void,
  listeners: Listeners,
): Watch {
  return watchCollection({
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
  });
}

function watchPolicy(
  { transport, place }: Session,
  picture: Picture,
  changed: () => void,
  listeners: Listeners,
): Watch {
  return watchObject({
    transport,
    path: `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/configmaps`,
    name: CONFIG_MAP,
    parse: policyOf,
    onChange(next) {
      picture.setPolicy(next);
      changed();
    },
    ...listeners,
  });
}

/** Who may get the Lease need not be allowed to watch it: what was read first is shown then. */
function watchLease(
  { transport, place }: Session,
  picture: Picture,
  changed: () => void,
  onFault: (error: unknown) => void,
): Watch {
  const watch = watchObject({
    transport,
    path: `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(place.namespace)}/leases`,
    name: LEASE,
    parse: leaseOf,
    onChange(next) {
      picture.setLease(next ?? { kind: 'free' });
      changed();
    },
    onError(error) {
      if (error instanceof ApiError && error.status === 403) {
        picture.setLease({
          kind: 'unknown',
          why: `you may not watch leases in namespace ${place.namespace}`,
        });
        watch.stop();
      }
    },
    onFault,
  });
  return watch;
}

// Reads what is installed in the namespace: the policy's ConfigMap, the agents' DaemonSet, the coordinators' Lease.

import { isNotFound } from '../../../cluster/http/errors.ts';
import { objectAt, objectsAt, stringAt, stringMapAt, type JsonObject } from '../../../cluster/http/json.ts';
import { parsePolicy } from '../../../policy/parse.ts';
import type { PolicyResult } from '../../../policy/policy.ts';
import { UserError } from '../errors.ts';
import type { Session } from '../session.ts';
import { readOr, type Unread } from './unread.ts';
import { CONFIG_MAP, LEASE, AGENTS } from '../../../names.ts';

/** Who paces the fleet, as far as the user may read it. */
export interface Coordination {
  /** The agents wait for approvals; undefined: there is no DaemonSet, or the user may not read it. */
  readonly agentsWait: boolean | undefined;
  readonly lease:
    | { readonly kind: 'held'; readonly holder: string; readonly renewedAt: Date; readonly seconds: number }
    /** No coordinator leads: there is no Lease, or it was released. */
    | { readonly kind: 'free' }
    | { readonly kind: 'unknown'; readonly why: string };
}

export interface Installation extends Coordination {
  /** undefined: the ConfigMap does not exist, or `unread` has `policy`. */
  readonly policy: PolicyResult | undefined;
  /** What the user may not read: `policy`, `agents`, `lease`. */
  readonly unread?: readonly Unread[];
}

/** Reads the installation, as far as the user may. Throws a UserError when there is neither a ConfigMap nor a DaemonSet. */
export async function readInstallation(session: Session): Promise<Installation> {
  const { namespace } = session.place;
  const unread: Unread[] = [];
  const [policy, agents = 'unknown', lease = unknownLease(session)] = await Promise.all([
    readOr(session, { what: 'policy', unread }, readPolicy(session)),
    readOr(session, { what: 'agents', unread }, readAgents(session)),
    readOr(session, { what: 'lease', unread }, readLease(session)),
  ]);
  const isMissing = policy === undefined && !unread.some(({ what }) => what === 'policy');
  if (isMissing && agents === 'none') {
    throw new UserError(
      `Expected an installation in namespace ${namespace}, found neither ConfigMap ${CONFIG_MAP} nor a DaemonSet ` +
        `with label ${AGENTS}. Choose another namespace with -n, or install with kubectl apply -k daemonset/.`,
    );
  }
  return { policy, lease, agentsWait: typeof agents === 'boolean' ? agents : undefined, unread };
}

/** Returns the policy in the cluster; undefined when the ConfigMap does not exist. */
export async function readPolicy(session: Session): Promise<PolicyResult | undefined> {
  const object = await get(session, `/api/v1/namespaces/${ns(session)}/configmaps/${CONFIG_MAP}`);
  return object && policyOf(object);
}

/** Parses the policy of a ConfigMap object. */
export function policyOf(configMap: JsonObject): PolicyResult {
  return parsePolicy(stringMapAt(configMap, 'data'));
}

async function readAgents(session: Session): Promise<boolean | 'none'> {
  const { body } = await session.transport.request({
    method: 'GET',
    path: `/apis/apps/v1/namespaces/${ns(session)}/daemonsets`,
    query: { labelSelector: AGENTS },
  });
  const [daemonSet] = objectsAt(objectAt(body), 'items');
  return daemonSet === undefined ? 'none' : waits(daemonSet);
}

function waits(daemonSet: JsonObject): boolean {
  const containers = objectsAt(objectAt(daemonSet, 'spec', 'template', 'spec'), 'containers');
  return containers.some((container) => {
    const args: unknown = container['args'];
    const asked = objectsAt(container, 'env').some(
      (entry) => stringAt(entry, 'name') === 'WAIT_FOR_APPROVAL' && stringAt(entry, 'value') === 'true',
    );
    return asked || (Array.isArray(args) && args.includes('--wait-for-approval'));
  });
}

async function readLease(session: Session): Promise<Coordination['lease']> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${ns(session)}/leases/${LEASE}`;
  return leaseOf(await get(session, path));
}

function unknownLease({ place }: Session): Coordination['lease'] {
  return { kind: 'unknown', why: `you may not get leases in namespace ${place.namespace}` };
}

/** Returns who holds a Lease; `undefined` stands for no Lease. */
export function leaseOf(lease: JsonObject | undefined): Coordination['lease'] {
  const spec = objectAt(lease, 'spec');
  const holder = stringAt(spec, 'holderIdentity') ?? '';
  if (holder === '') return { kind: 'free' };
  const renewedAt = new Date(stringAt(spec, 'renewTime') ?? 0);
  return { kind: 'held', holder, renewedAt, seconds: Number(spec['leaseDurationSeconds'] ?? 0) };
}

async function get({ transport }: Session, path: string): Promise<JsonObject | undefined> {
  try {
    return objectAt((await transport.request({ method: 'GET', path })).body);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function ns({ place }: Session): string {
  return encodeURIComponent(place.namespace);
}

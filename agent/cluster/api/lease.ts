// Stores the Lease of the leader election. Give it its own transport: a renewal must not wait behind other requests.

import { isNotFound } from '../http/errors.ts';
import { MERGE_PATCH } from '../http/media-types.ts';
import { orConflict } from './conflict.ts';
import { objectAt, stringAt, timeOf } from '../http/json.ts';
import type { Transport } from '../http/transport.ts';
import { versionOf } from '../http/version.ts';
import type { LeaseStore, Lease, LeaseRecord } from '../../rollout/ports.ts';

export interface LeaseOptions {
  readonly transport: Pick<Transport, 'request'>;
  readonly namespace: string;
  readonly name: string;
  readonly fieldManager: string;
}

/** A leader has ten seconds to renew: after a request that hangs there is time for a second one. */
const REQUEST_MS = 3000;

/** Reads and writes one Lease. A write rejects with a ConflictError when the Lease was changed since it was read. */
export function leaseStore({ transport, namespace, name, fieldManager }: LeaseOptions): LeaseStore {
  const folder = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${folder}/${encodeURIComponent(name)}`;

  return {
    async read() {
      try {
        return parseLease((await transport.request({ method: 'GET', path, timeoutMs: REQUEST_MS })).body);
      } catch (error) {
        if (isNotFound(error)) {
          return undefined;
        }
        throw error;
      }
    },

    async write({ record, resourceVersion }) {
      const common = { query: { fieldManager }, timeoutMs: REQUEST_MS };
      const spec = specOf(record);
      const answer = await orConflict(() =>
        resourceVersion === undefined
          ? transport.request({
              method: 'POST',
              path: folder,
              body: {
                apiVersion: 'coordination.k8s.io/v1',
                kind: 'Lease',
                metadata: { name, namespace },
                spec,
              },
              ...common,
            })
          : transport.request({
              method: 'PATCH',
              path,
              contentType: MERGE_PATCH,
              body: { metadata: { resourceVersion }, spec },
              ...common,
            }),
      );
      return parseLease(answer.body);
    },
  };
}

function specOf(record: LeaseRecord): object {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: record.leaseSeconds,
    acquireTime: microTime(record.acquiredAt),
    renewTime: microTime(record.renewedAt),
    leaseTransitions: record.transitions,
  };
}

/** metav1.MicroTime: RFC 3339 with exactly six fractional digits. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

/** Any field may be missing from a Lease that was made by hand: it is then read as one that expired long ago. */
function parseLease(body: unknown): Lease {
  const spec = objectAt(body, 'spec');
  return {
    resourceVersion: versionOf(objectAt(body)),
    record: {
      holder: stringAt(spec, 'holderIdentity') ?? '',
      leaseSeconds: wholeNumber(spec['leaseDurationSeconds']),
      acquiredAt: leaseTime(stringAt(spec, 'acquireTime')),
      renewedAt: leaseTime(stringAt(spec, 'renewTime')),
      transitions: wholeNumber(spec['leaseTransitions']),
    },
  };
}

function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}

function leaseTime(text: string | undefined): Date {
  return timeOf(text) ?? new Date(0);
}

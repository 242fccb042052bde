// The Lease by which the coordinators choose a leader. It has a transport of its own: a renewal must not wait behind other requests.

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

/** A leader has ten seconds to renew: a request that hangs leaves time for another one. */
const REQUEST_MS = 3000;

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

/** RFC 3339 with six digits after the second, and no other number of them: metav1.MicroTime. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

/** A Lease that somebody made by hand may lack anything: it then reads as one that ran out long ago. */
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

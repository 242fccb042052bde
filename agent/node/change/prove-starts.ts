// Proves the start of a kubelet, and the next one when another program ended it.

import type { Clock, Systemd } from '../ports.ts';
import { endedFromOutside, nextStart } from './ended-by.ts';
import type { Fault } from './verify.ts';

/** The start to prove. */
export interface ProvableStart {
  /** The InvocationID before it. */
  readonly previousInvocation: string;
  /** An instant before it, or one at which it already ran. */
  readonly before: Date;
}

export type Proof<T> =
  /** `note`: what another program did to the kubelet; undefined: nothing. */
  | { readonly kind: 'proven'; readonly proof: T; readonly note: string | undefined }
  | ({ readonly kind: 'fault' } & Pick<Fault, 'why' | 'isHealthy'>)
  /** Another program stopped the kubelet, and it stays stopped. */
  | { readonly kind: 'stopped'; readonly why: string };

/** So many ends of the kubelet by another program do not count against a change. */
const MOST_ENDS = 2;

/**
 * Calls `prove` for the start, and again for the next one when another program ended the kubelet: that says nothing about the change.
 * `prove` returns a Fault when it cannot prove the start.
 */
export async function proveStarts<T extends { readonly ok: true }>(
  ports: { readonly systemd: Systemd; readonly clock: Clock },
  first: ProvableStart,
  prove: (start: ProvableStart) => Promise<T | ({ readonly ok: false } & Fault)>,
): Promise<Proof<T>> {
  let note: string | undefined;
  for (let ends = 0, start = first; ; ends += 1) {
    const result = await prove(start);
    if (result.ok) {
      return { kind: 'proven', proof: result, note: note && `${note}; the next start was proven` };
    }
    const { why, ended, isHealthy } = result;
    const outside = ended && (await endedFromOutside(ports.systemd, ended));
    if (ended === undefined || outside === undefined) {
      return { kind: 'fault', why, isHealthy };
    }
    if (ends === MOST_ENDS) {
      return { kind: 'fault', why: `${outside}, ${ends + 1} times during this change`, isHealthy };
    }
    const next = await nextStart(ports, ended);
    if (next !== 'started') {
      return next === 'stopped'
        ? { kind: 'stopped', why: outside }
        : { kind: 'fault', why: outside, isHealthy };
    }
    note = outside;
    start = { previousInvocation: ended.invocationId, before: ports.clock.now() };
  }
}

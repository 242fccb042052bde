// Whether the running kubelet is healthy.

import type { Clock, Health } from '../ports.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const TIMEOUT_MS = 2000;
/** A busy machine may miss one answer. */
const TRIES = 3;
const INTERVAL_MS = 250;

/** True when the kubelet answers healthz in one of three tries, or when healthz is off (undefined). */
export async function isHealthy(
  { health, clock }: { readonly health: Health; readonly clock: Pick<Clock, 'sleep'> },
  endpoint: Endpoint | undefined,
): Promise<boolean> {
  if (endpoint === undefined) {
    return true;
  }
  for (let tries = TRIES; ; tries -= 1) {
    if (await health.ok(endpoint.address, endpoint.port, TIMEOUT_MS)) {
      return true;
    }
    if (tries === 1) {
      return false;
    }
    await clock.sleep(INTERVAL_MS);
  }
}

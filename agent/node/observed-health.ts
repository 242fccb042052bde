// Whether the kubelet that runs is healthy, asked so that a look takes no longer for it.

import type { Health } from './ports.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Asked before it was known where the kubelet of this look answers. */
export interface EarlyAnswer {
  readonly endpoint: Endpoint;
  readonly ok: Promise<boolean>;
}

/** A kubelet that hangs delays a look by so much, in ms. */
const TIMEOUT_MS = 1000;

/** Asks where the kubelet answered last, while systemd is asked for the unit. */
export function askEarly(health: Health, endpoint: Endpoint | undefined): EarlyAnswer | undefined {
  return endpoint && { endpoint, ok: ask(health, endpoint) };
}

/** True for a kubelet that answers healthz, and for one that was told not to (undefined). */
export async function isHealthy(
  health: Health,
  endpoint: Endpoint | undefined,
  early: EarlyAnswer | undefined,
): Promise<boolean> {
  if (endpoint === undefined) {
    return true;
  }
  const { address, port } = endpoint;
  const asked = early?.endpoint.address === address && early.endpoint.port === port;
  return asked ? early.ok : ask(health, endpoint);
}

function ask(health: Health, { address, port }: Endpoint): Promise<boolean> {
  return health.ok(address, port, TIMEOUT_MS);
}

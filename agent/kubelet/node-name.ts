// The name that a kubelet gives its Node.

import { lastValue, parseFlags } from './flags/flags.ts';

/**
 * Returns the name of the Node of a kubelet with this argv (the binary included) on a host of this name. Mirrors GetHostname in
 * k8s.io/component-helpers node/util/hostname.go. A cloud provider inside an old kubelet may have given another name.
 */
export function nodeNameOf(argv: readonly string[], hostname: string): string {
  const given = lastValue(parseFlags(argv.slice(1)), 'hostname-override')?.trim();
  return (given || hostname.trim()).toLowerCase();
}

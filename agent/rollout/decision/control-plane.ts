// Control-plane nodes, which are changed one at a time.

import type { FleetNode } from '../fleet.ts';

const LABEL = 'node-role.kubernetes.io/control-plane';

export function isControlPlane({ labels }: FleetNode): boolean {
  return Object.hasOwn(labels, LABEL);
}

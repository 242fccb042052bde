// Pictures of the fleet for tests: what the coordinator's own decision makes of nodes and policy.

import { decideRollout } from '../../../agent/rollout/decide.ts';
import type { PolicyNow } from '../../../agent/rollout/decision/gate.ts';
import { byName } from '../../../agent/rollout/decision/many.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import type { FleetPicture } from '../../../agent/rollout/metrics/fleet-samples.ts';
import { NOW, valid } from '../fleets.ts';

export function pictureOf(nodes: readonly FleetNode[], policy: PolicyNow = valid()): FleetPicture {
  return { decision: decideRollout(nodes, policy, NOW), nodes: byName(nodes), policy };
}

// Statuses for the dashboard's tests, from Nodes as the API server shows them.

import { objectAt } from '../../../../agent/cluster/http/json.ts';
import type { Fleet } from '../../../../agent/cli/kubectl/cluster/follow.ts';
import { shownNode } from '../../../../agent/cli/kubectl/cluster/nodes.ts';
import { statusView, type StatusView } from '../../../../agent/cli/kubectl/views/status-view.ts';
import { parsePolicy } from '../../../../agent/policy/parse.ts';
import { decideRollout } from '../../../../agent/rollout/decide.ts';
import { POLICY } from '../nodes.ts';

export const NOW = new Date('2026-06-01T12:00:00Z');

/** Returns the fleet of these Nodes under this policy, with a coordinator that leads. */
export function fleetOf(nodes: readonly object[], policy: Readonly<Record<string, string>> = POLICY): Fleet {
  return {
    installation: {
      policy: parsePolicy(policy),
      agentsWait: true,
      lease: { kind: 'held', holder: 'coordinator-1_uuid', renewedAt: NOW, seconds: 15 },
    },
    nodes: nodes.map((node) => shownNode(objectAt(node))),
  };
}

export function viewOf(fleet: Fleet): StatusView {
  return statusView({ ...fleet, now: NOW, decide: decideRollout });
}

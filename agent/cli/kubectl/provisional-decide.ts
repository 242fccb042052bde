// Stands in for the coordinator's decision until agent/rollout/decide.ts is there.

import { desiredFor } from '../../policy/desired.ts';
import type { FleetNode, NodeVerdict, RolloutDecision, Standing } from '../../rollout/fleet.ts';
import { parseVersion } from '../../sysctl/version.ts';
import type { PolicyNow } from './status-view.ts';

export function decideRollout(nodes: readonly FleetNode[], policy: PolicyNow): RolloutDecision {
  const verdicts = nodes.map((node) => verdictOf(node, policy));
  const has = (standing: Standing): boolean => verdicts.some((verdict) => verdict.standing === standing);
  const going = has('waiting') || has('changing') ? 'Rolling' : 'Done';
  const phase =
    policy.policy === undefined
      ? 'Waiting'
      : policy.policy.settings.paused
        ? 'Paused'
        : has('failed')
          ? 'Halted'
          : going;
  return {
    phase,
    reason: '',
    approvals: [],
    untaint: [],
    maxUnavailable: 1,
    nodes: verdicts,
    nextAt: undefined,
  };
}

function verdictOf(node: FleetNode, { policy }: PolicyNow): NodeVerdict {
  const kubelet = parseVersion(node.kubelet);
  const revision =
    kubelet &&
    policy &&
    desiredFor(policy, { labels: node.labels, kubelet, kernel: parseVersion(node.kernel) }).revision;
  const standing = standingOf(node, revision);
  const attention = ['failed', 'held', 'lost'].includes(standing) ? node.reason : undefined;
  return {
    name: node.name,
    standing,
    revision,
    canary: false,
    unavailable: standing === 'changing',
    attention,
  };
}

function standingOf(node: FleetNode, revision: string | undefined): Standing {
  if (node.state === undefined) return 'lost';
  if (node.state === 'Degraded') return 'failed';
  if (node.state === 'Working') return 'changing';
  if (node.state === 'Done' && node.appliedRevision === revision) return 'done';
  return node.state === 'Pending' || node.state === 'Done' ? 'waiting' : 'held';
}

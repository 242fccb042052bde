#!/usr/bin/env node
// Times the coordinator's decision: the same code on the same Nodes, in a process with the coordinator's Node options.

import { readFile } from 'node:fs/promises';
import { objectAt, stringMapAt } from '../../../agent/cluster/http/json.ts';
import { parseFleetNode } from '../../../agent/cluster/objects/fleet-node.ts';
import { objectsOf } from '../../../agent/cluster/watch/list-items.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { decideRollout, decisionCaches } from '../../../agent/rollout/decide.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';

/** File with the ConfigMap; the API server's NodeList comes as standard input. */
const [policyFile = ''] = process.argv.slice(2);
const CALLS = 25;
/** Of a busy fleet one in so many Nodes changes between two decisions. */
const CHANGED_SHARE = 64;

const nodes: FleetNode[] = [];
for await (const object of objectsOf(process.stdin)) {
  nodes.push(halfDone(parseFleetNode(object).node, nodes.length));
}
const configMap: unknown = JSON.parse(await readFile(policyFile, 'utf8'));
const result = parsePolicy(stringMapAt(objectAt(configMap), 'data'));
if (!result.ok) throw new Error('Expected a valid policy in the cluster, but it has errors.');
const { policy } = result;
const caches = decisionCaches();

const took = Array.from({ length: CALLS }, (_, call) => {
  const seen = nodes.map((node, at) => (at % CHANGED_SHARE === call ? { ...node } : node));
  const begun = performance.now();
  const { approvals } = decideRollout(seen, { policy, errors: [] }, new Date(), caches);
  const ms = performance.now() - begun;
  if (nodes.length > 1 && approvals.length === 0)
    throw new Error('Expected the decision to approve something.');
  return ms;
});
process.stdout.write(JSON.stringify(took));

/** The Nodes were listed after the rollout; this makes every other node wait, as in the middle of it. */
function halfDone(node: FleetNode, index: number): FleetNode {
  return index % 2 === 0
    ? node
    : {
        ...node,
        state: 'Pending',
        appliedRevision: 'before',
        approvedRevision: undefined,
        approvedAt: undefined,
      };
}

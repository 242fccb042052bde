#!/usr/bin/env node
// Times the coordinator's decision: the same code on the same Nodes, in a process with the coordinator's Node options.

import { readFile } from 'node:fs/promises';
import { isObject, objectAt, stringMapAt } from '../../../agent/cluster/http/json.ts';
import { parseFleetNode } from '../../../agent/cluster/objects/fleet-node.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { decideRollout } from '../../../agent/rollout/decide.ts';
import type { FleetNode } from '../../../agent/rollout/fleet.ts';
import { createZones } from '../../../agent/rollout/windows/zones.ts';

/** Files with the API server's NodeList and ConfigMap. */
const [nodesFile = '', policyFile = ''] = process.argv.slice(2);
const CALLS = 25;

const [list, configMap] = await Promise.all([nodesFile, policyFile].map(parsed));
const items = objectAt(list)['items'];
const nodes = (Array.isArray(items) ? items.filter(isObject) : [])
  .map((node) => parseFleetNode(node).node)
  .map(halfDone);
const result = parsePolicy(stringMapAt(objectAt(configMap), 'data'));
if (!result.ok) throw new Error('Expected a valid policy in the cluster, but it has errors.');
const { policy } = result;
const zones = createZones();

const took = Array.from({ length: CALLS }, () => {
  const begun = performance.now();
  const { approvals } = decideRollout(nodes, { policy, errors: [] }, new Date(), zones);
  const ms = performance.now() - begun;
  if (nodes.length > 1 && approvals.length === 0)
    throw new Error('Expected the decision to approve something.');
  return ms;
});
process.stdout.write(JSON.stringify(took));

async function parsed(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

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

// The Nodes of a synthetic fleet, as an API server of a large cluster holds them: about 9 kB of JSON each.

import { randomUUID } from 'node:crypto';
import { objectAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';
import { COMPONENT } from '../../../../agent/names.ts';
import { nodePatch, type NodeReport } from '../../../../agent/report/annotations.ts';
import { nodeName } from '../../agents/names.ts';
import { nodeObject, WAVE_LABEL } from '../../agents/objects.ts';
import type { Collection } from '../server/collection.ts';
import { patched } from '../server/patches.ts';

/** The nodes with one value of WAVE_LABEL are a part of the fleet this large: 1,300 of 65,000. */
export const PARTS = 50;
const LONG_AGO = new Date('2026-01-01T00:00:00Z');

/** Makes `count` Nodes, each with the report of its agent. */
export function makeNodes(
  nodes: Collection,
  count: number,
  reportOn: (node: JsonObject) => NodeReport,
): void {
  for (let index = 0; index < count; index += 1) {
    const name = nodeName(index);
    const alone = nodeAlone(name, index);
    const body = reportBody({}, {}, reportOn(alone));
    nodes.put(name, patched(alone, { body, manager: COMPONENT, at: LONG_AGO }));
  }
}

/** Returns the body of the patch that writes the report; empty when nothing differs. */
export function reportBody(
  annotations: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
  report: NodeReport,
): JsonObject {
  const patch = nodePatch({ annotations, labels }, report);
  return patch === undefined ? {} : { metadata: { ...patch } };
}

/** A Node before its agent has reported. */
function nodeAlone(name: string, index: number): JsonObject {
  const { metadata, status } = objectAt(nodeObject(name, index));
  const { annotations, labels } = objectAt(metadata);
  const own = {
    annotations: objectAt(annotations),
    labels: { ...objectAt(labels), [WAVE_LABEL]: String(index % PARTS) },
  };
  const identity = { name, uid: randomUUID(), creationTimestamp: LONG_AGO.toISOString() };
  const by = { manager: 'kubelet', at: LONG_AGO };
  const registered = patched({ metadata: identity }, { body: { metadata: own }, ...by });
  const spec = { podCIDR: `10.${index >> 8}.${index & 255}.0/24`, providerID: `example://zone/${name}` };
  return patched({ ...registered, spec }, { body: { status }, ...by, subresource: 'status' });
}

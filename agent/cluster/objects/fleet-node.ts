// Parses a Node for the rollout from the API server's JSON.

import type { FleetNode } from '../../rollout/fleet.ts';
import type { SeenNode } from '../../rollout/ports.ts';
import {
  INPUT_KEYS,
  KEYS,
  PENDING_TAINT,
  ROLLBACK_INCOMPLETE,
  STATES,
  type State,
  COORDINATOR,
} from '../../names.ts';
import { objectAt, objectsAt, stringAt, stringMapAt, timeOf, type JsonObject } from '../http/json.ts';
import { driftKinds, reportedLists } from '../../report/reported.ts';
import { parseReadiness } from './parse.ts';
import type { Pool } from './pool.ts';
import { versionOf } from '../http/version.ts';

/** Parses a whole Node. Throws an InvalidResponseError when it has no resourceVersion. Keeps few strings: a fleet has thousands of Nodes. */
export function parseFleetNode(object: JsonObject, pooled: Pool = (text) => text): SeenNode {
  const metadata = objectAt(object, 'metadata');
  const annotations = stringMapAt(metadata, 'annotations');
  const info = objectAt(object, 'status', 'nodeInfo');
  const taint = startUpTaint(object);
  const readiness = parseReadiness(object);
  const drift = driftKinds(annotations[KEYS.drift]);
  const node: FleetNode = {
    name: stringAt(metadata, 'name') ?? '',
    labels: pooledMap(stringMapAt(metadata, 'labels'), pooled),
    profiles: annotations[KEYS.profiles],
    kubelet: pooled(stringAt(info, 'kubeletVersion') ?? ''),
    kernel: pooled(stringAt(info, 'kernelVersion') ?? ''),
    readiness: readiness && { ready: readiness.ready, since: readiness.since },
    joining: taint !== undefined,
    state: stateOf(annotations[KEYS.state]),
    reason: pooled(annotations[KEYS.reason] ?? ''),
    rollbackIncomplete: annotations[KEYS.reasonCode] === ROLLBACK_INCOMPLETE,
    desiredRevision: annotations[KEYS.desiredRevision],
    appliedRevision: annotations[KEYS.appliedRevision],
    failedRevision: annotations[KEYS.failedRevision],
    drift,
    ...(drift.includes('unmanaged') && { unmanaged: unmanagedIn(annotations) }),
    lastChange: timeOf(annotations[KEYS.lastChange]),
    approvedRevision: annotations[INPUT_KEYS.approvedRevision],
    approvedAt: approvedAt(metadata),
    paused: annotations[INPUT_KEYS.paused] === 'true',
  };
  return { node, resourceVersion: versionOf(object), taint };
}

function pooledMap(texts: Readonly<Record<string, string>>, pooled: Pool): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, pooled(text)]));
}

/** When the coordinator last wrote its approval, from the managedFields of `metadata`; undefined when it never did. */
export function approvedAt(metadata: JsonObject): Date | undefined {
  const entries = objectsAt(metadata, 'managedFields').filter(
    (entry) =>
      stringAt(entry, 'manager') === COORDINATOR &&
      `f:${INPUT_KEYS.approvedRevision}` in objectAt(entry, 'fieldsV1', 'f:metadata', 'f:annotations'),
  );
  return timeOf(
    entries
      .map((entry) => stringAt(entry, 'time') ?? '')
      .toSorted()
      .at(-1),
  );
}

function startUpTaint(object: JsonObject): SeenNode['taint'] {
  const taints = objectsAt(objectAt(object, 'spec'), 'taints');
  const index = taints.findIndex(
    (taint) =>
      stringAt(taint, 'key') === PENDING_TAINT.key && stringAt(taint, 'effect') === PENDING_TAINT.effect,
  );
  const value = taints[index];
  return value && { index, value };
}

function unmanagedIn(annotations: Readonly<Record<string, string>>): readonly string[] {
  return reportedLists(annotations)?.unmanaged.map(({ pattern }) => pattern) ?? [];
}

function stateOf(text: string | undefined): State | undefined {
  return STATES.find((state) => state === text);
}

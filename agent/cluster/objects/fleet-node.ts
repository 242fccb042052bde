// Parses a Node for the rollout from the API server's JSON.

import type { FleetNode } from '../../rollout/fleet.ts';
import type { SeenNode } from '../../rollout/ports.ts';
import {
  HOST_SERVICE_LABEL,
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
import { versionOf } from '../http/version.ts';

/** Parses a whole Node. Throws an InvalidResponseError when it has no resourceVersion. Keeps few strings: a fleet has thousands of Nodes. */
export function parseFleetNode(object: JsonObject): SeenNode {
  const metadata = objectAt(object, 'metadata');
  const annotations = stringMapAt(metadata, 'annotations');
  const labels = stringMapAt(metadata, 'labels');
  const isHostService = labels[HOST_SERVICE_LABEL] === 'true';
  const reported = isHostService ? {} : annotations;
  const info = objectAt(object, 'status', 'nodeInfo');
  const taint = startUpTaint(object);
  const readiness = parseReadiness(object);
  const drift = driftKinds(reported[KEYS.drift]);
  const node: FleetNode = {
    name: stringAt(metadata, 'name') ?? '',
    labels,
    profiles: reported[KEYS.profiles],
    kubelet: stringAt(info, 'kubeletVersion') ?? '',
    kernel: stringAt(info, 'kernelVersion') ?? '',
    readiness: readiness && { ready: readiness.ready, since: readiness.since },
    joining: taint !== undefined,
    state: stateOf(reported[KEYS.state]),
    reason: reported[KEYS.reason] ?? '',
    rollbackIncomplete: reported[KEYS.reasonCode] === ROLLBACK_INCOMPLETE,
    desiredRevision: reported[KEYS.desiredRevision],
    appliedRevision: reported[KEYS.appliedRevision],
    failedRevision: reported[KEYS.failedRevision],
    drift,
    ...(drift.includes('unmanaged') && { unmanaged: unmanagedIn(reported) }),
    lastChange: timeOf(reported[KEYS.lastChange]),
    approvedRevision: annotations[INPUT_KEYS.approvedRevision],
    approvedAt: approvedAt(metadata),
    paused: annotations[INPUT_KEYS.paused] === 'true',
    ...(isHostService && { hostService: true as const }),
  };
  return { node, resourceVersion: versionOf(object), taint };
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

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
import type { Pool } from './pool.ts';
import { versionOf } from '../http/version.ts';

/** Parses a whole Node. Throws an InvalidResponseError when it has no resourceVersion. Keeps few strings: a fleet has thousands of Nodes. */
export function parseFleetNode(object: JsonObject, pooled: Pool = (text) => text): SeenNode {
  const metadata = objectAt(object, 'metadata');
  const annotations = objectAt(metadata, 'annotations');
  const labels = labelsIn(metadata, pooled);
  const isHostService = labels[HOST_SERVICE_LABEL] === 'true';
  const input = (key: string): string | undefined => stringAt(annotations, key);
  // What an agent reported before its node was left to the host's own service.
  const report = (key: string): string | undefined => (isHostService ? undefined : input(key));
  const shared = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : pooled(text);
  const info = objectAt(object, 'status', 'nodeInfo');
  const taint = startUpTaint(object);
  const readiness = parseReadiness(object);
  const drift = driftKinds(report(KEYS.drift));
  const node: FleetNode = {
    name: stringAt(metadata, 'name') ?? '',
    labels,
    profiles: shared(report(KEYS.profiles)),
    kubelet: pooled(stringAt(info, 'kubeletVersion') ?? ''),
    kernel: pooled(stringAt(info, 'kernelVersion') ?? ''),
    readiness: readiness && { ready: readiness.ready, since: readiness.since },
    joining: taint !== undefined,
    state: stateOf(report(KEYS.state)),
    reason: pooled(report(KEYS.reason) ?? ''),
    rollbackIncomplete: report(KEYS.reasonCode) === ROLLBACK_INCOMPLETE,
    desiredRevision: shared(report(KEYS.desiredRevision)),
    appliedRevision: shared(report(KEYS.appliedRevision)),
    failedRevision: shared(report(KEYS.failedRevision)),
    drift,
    ...(drift.includes('unmanaged') && { unmanaged: unmanagedIn(stringMapAt(metadata, 'annotations')) }),
    lastChange: timeOf(report(KEYS.lastChange)),
    approvedRevision: shared(input(INPUT_KEYS.approvedRevision)),
    approvedAt: approvedAt(metadata),
    paused: input(INPUT_KEYS.paused) === 'true',
    ...(isHostService && { hostService: true as const }),
  };
  return { node, resourceVersion: versionOf(object), taint };
}

function labelsIn(metadata: JsonObject, pooled: Pool): FleetNode['labels'] {
  const labels = Object.entries(objectAt(metadata, 'labels'));
  return Object.fromEntries(
    labels.flatMap(([key, text]) => (typeof text === 'string' ? [[key, pooled(text)] as const] : [])),
  );
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

// A Node as a rollout looks at it, read from the API server's JSON.

import type { FleetNode } from '../../rollout/fleet.ts';
import { ASKED, KEYS, PENDING_TAINT, STATES, type State } from '../../report/keys.ts';
import { isObject, objectAt, textAt, textsAt, type JsonObject } from '../../cluster/fields.ts';
import { parseReadiness } from '../../cluster/objects.ts';

/** Who writes approvals, in managedFields. */
export const COORDINATOR = 'kubelet-sysctl-coordinator';

/** A whole Node. Throws BadAnswer when it has no resourceVersion. Strings are few and short: thousands of these are held. */
export function parseFleetNode(object: JsonObject): { node: FleetNode } {
  const metadata = objectAt(object, 'metadata');
  const annotations = textsAt(metadata, 'annotations');
  const info = objectAt(object, 'status', 'nodeInfo');
  const taint = startUpTaint(object);
  const readiness = parseReadiness(object);
  const node: FleetNode = {
    name: textAt(metadata, 'name') ?? '',
    labels: textsAt(metadata, 'labels'),
    kubelet: textAt(info, 'kubeletVersion') ?? '',
    kernel: textAt(info, 'kernelVersion') ?? '',
    readiness: readiness && { ready: readiness.ready, since: readiness.since },
    joining: taint !== undefined,
    state: stateOf(annotations[KEYS.state]),
    reason: annotations[KEYS.reason] ?? '',
    desiredRevision: annotations[KEYS.desiredRevision],
    appliedRevision: annotations[KEYS.appliedRevision],
    failedRevision: annotations[KEYS.failedRevision],
    lastChange: timeOf(annotations[KEYS.lastChange]),
    approvedRevision: annotations[ASKED.approvedRevision],
    approvedAt: approvedAt(metadata),
    paused: annotations[ASKED.paused] === 'true',
  };
  return { node };
}

/** When the coordinator last wrote its approval, from an object with metadata. undefined where it did not. */
export function approvedAt(metadata: JsonObject): Date | undefined {
  const entries = listAt(metadata, 'managedFields').filter(
    (entry) =>
      textAt(entry, 'manager') === COORDINATOR &&
      `f:${ASKED.approvedRevision}` in objectAt(entry, 'fieldsV1', 'f:metadata', 'f:annotations'),
  );
  return timeOf(
    entries
      .map((entry) => textAt(entry, 'time') ?? '')
      .toSorted()
      .at(-1),
  );
}

function startUpTaint(object: JsonObject): { index: number; value: JsonObject } | undefined {
  const taints = listAt(objectAt(object, 'spec'), 'taints');
  const index = taints.findIndex(
    (taint) => textAt(taint, 'key') === PENDING_TAINT.key && textAt(taint, 'effect') === PENDING_TAINT.effect,
  );
  const value = taints[index];
  return value && { index, value };
}

function stateOf(text: string | undefined): State | undefined {
  return STATES.find((state) => state === text);
}

function timeOf(text: string | undefined): Date | undefined {
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The objects in the array under `key`, in place; whatever is none counts as an empty one. */
function listAt(object: JsonObject, key: string): readonly JsonObject[] {
  const value = object[key];
  return (Array.isArray(value) ? value : []).map((item: unknown) => (isObject(item) ? item : {}));
}

// Parses the objects that the agent watches or lists from the API server's JSON.

import { FORBIDDEN } from '../../names.ts';
import type { NodeObject, Readiness, RefusedPod, SeenPod } from '../../node/ports.ts';
import { InvalidResponseError } from '../http/errors.ts';
import type { SysctlPod } from '../../plan/in-use.ts';
import type { NodeRequirement, RequirementExpression } from '../../plan/node-requirement.ts';
import { isObject, objectsAt, objectAt, stringAt, stringMapAt, type JsonObject } from '../http/json.ts';
import type { ConfigMapObject } from '../../policy/config-map.ts';

/** A Node's metadata, from a whole Node or a PartialObjectMetadata. Throws an InvalidResponseError when it has no name or uid. */
export function parseNode(object: JsonObject): NodeObject {
  const metadata = objectAt(object, 'metadata');
  return {
    name: requireString(metadata, 'name'),
    uid: requireString(metadata, 'uid'),
    labels: stringMapAt(metadata, 'labels'),
    annotations: stringMapAt(metadata, 'annotations'),
  };
}

/** A ConfigMap. Throws an InvalidResponseError when its metadata lacks a namespace, name, uid or resourceVersion. */
export function parseConfigMap(object: JsonObject): ConfigMapObject {
  const metadata = objectAt(object, 'metadata');
  return {
    namespace: requireString(metadata, 'namespace'),
    name: requireString(metadata, 'name'),
    uid: requireString(metadata, 'uid'),
    resourceVersion: requireString(metadata, 'resourceVersion'),
    data: stringMapAt(object, 'data'),
  };
}

/** A Pod for the in-use guard. Never throws: a pod without a name counts too, since its sysctls may be in use. */
export function parsePod(object: JsonObject): SysctlPod {
  const metadata = objectAt(object, 'metadata');
  const spec = objectAt(object, 'spec');
  const status = objectAt(object, 'status');
  const requirement = requirementIn(spec);
  return {
    uid: stringAt(metadata, 'uid') ?? '',
    namespace: stringAt(metadata, 'namespace') ?? '',
    name: stringAt(metadata, 'name') ?? '(no name)',
    phase: stringAt(status, 'phase') ?? '',
    taken: stringAt(status, 'startTime') !== undefined,
    sysctls: objectsAt(objectAt(spec, 'securityContext'), 'sysctls')
      .map((entry) => stringAt(entry, 'name'))
      .filter((name) => name !== undefined),
    hostNetwork: spec['hostNetwork'] === true,
    hostIpc: spec['hostIPC'] === true,
    ...(requirement && { requirement }),
  };
}

/** What a pod's spec requires of its node; undefined: nothing. */
function requirementIn(spec: JsonObject): NodeRequirement | undefined {
  const affinity = objectAt(objectAt(spec, 'affinity'), 'nodeAffinity');
  const required = affinity['requiredDuringSchedulingIgnoredDuringExecution'];
  const terms = isObject(required)
    ? objectsAt(required, 'nodeSelectorTerms').map((term) => ({
        labels: expressions(term, 'matchExpressions'),
        fields: expressions(term, 'matchFields'),
      }))
    : undefined;
  const nodeSelector = stringMapAt(spec, 'nodeSelector');
  return Object.keys(nodeSelector).length === 0 && terms === undefined ? undefined : { nodeSelector, terms };
}

function expressions(term: JsonObject, key: string): readonly RequirementExpression[] {
  return objectsAt(term, key).map((expression) => ({
    key: stringAt(expression, 'key') ?? '',
    operator: stringAt(expression, 'operator') ?? '',
    values: stringsAt(expression, 'values'),
  }));
}

function stringsAt(object: JsonObject, key: string): readonly string[] {
  const found = object[key];
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

/** The object's uid. Throws an InvalidResponseError when it has none. */
export function uidOf(object: JsonObject): string {
  return requireString(objectAt(object, 'metadata'), 'uid');
}

/** A Pod with the status that its kubelet reports. Throws an InvalidResponseError when its metadata lacks a uid, namespace or name. */
export function parseSeenPod(object: JsonObject): Omit<SeenPod, 'hadContainers'> {
  const metadata = objectAt(object, 'metadata');
  const status = objectAt(object, 'status');
  const containers = status['containerStatuses'];
  return {
    uid: requireString(metadata, 'uid'),
    namespace: requireString(metadata, 'namespace'),
    name: requireString(metadata, 'name'),
    isEnding: stringAt(metadata, 'deletionTimestamp') !== undefined,
    phase: stringAt(status, 'phase') ?? '',
    reason: stringAt(status, 'reason') ?? '',
    hasContainers: Array.isArray(containers) && containers.length > 0,
  };
}

/**
 * A Pod that its kubelet refused for a sysctl; undefined for any other. Throws an InvalidResponseError when its metadata lacks a uid,
 * namespace or name.
 */
export function parseRefusedPod(object: JsonObject): RefusedPod | undefined {
  const metadata = objectAt(object, 'metadata');
  const status = objectAt(object, 'status');
  if (stringAt(status, 'phase') !== 'Failed' || stringAt(status, 'reason') !== FORBIDDEN) {
    return undefined;
  }
  const uid = requireString(metadata, 'uid');
  const controller = objectsAt(metadata, 'ownerReferences').find((owner) => owner['controller'] === true);
  return {
    uid,
    namespace: requireString(metadata, 'namespace'),
    name: requireString(metadata, 'name'),
    owner: (controller && stringAt(controller, 'uid')) ?? uid,
    createdAt: new Date(stringAt(metadata, 'creationTimestamp') ?? 0),
    sysctls: parsePod(object).sysctls,
    message: stringAt(status, 'message') ?? '',
  };
}

/** The Ready condition of a Node; undefined when it has none. */
export function parseReadiness(node: JsonObject): Readiness | undefined {
  const conditions = objectsAt(objectAt(node, 'status'), 'conditions');
  const ready = conditions.find((condition) => stringAt(condition, 'type') === 'Ready');
  return (
    ready && {
      ready: stringAt(ready, 'status') === 'True',
      since: new Date(stringAt(ready, 'lastTransitionTime') ?? 0),
      reported: new Date(stringAt(ready, 'lastHeartbeatTime') ?? 0),
      message: stringAt(ready, 'message') ?? '',
    }
  );
}

function requireString(metadata: JsonObject, key: string): string {
  const text = stringAt(metadata, key);
  if (text === undefined || text === '') {
    throw new InvalidResponseError(
      `Expected an object with metadata.${key}, got metadata with ${Object.keys(metadata).join(', ') || 'nothing'}`,
    );
  }
  return text;
}

// What a patch makes of an object, and of its managedFields.

import {
  isObject,
  objectAt,
  objectsAt,
  stringAt,
  type JsonObject,
} from '../../../../agent/cluster/http/json.ts';

export interface Patch {
  readonly body: JsonObject;
  readonly manager: string;
  readonly at: Date;
  readonly subresource?: 'status';
}

/** Returns the object after a JSON merge patch, noted in managedFields as the API server notes annotations and labels. */
export function patched(object: JsonObject, patch: Patch): JsonObject {
  const merged = objectAt(merge(object, patch.body));
  const metadata = { ...objectAt(merged, 'metadata'), managedFields: noted(object, patch) };
  return { ...merged, metadata };
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...(isObject(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

function noted(object: JsonObject, { body, manager, at, subresource }: Patch): readonly JsonObject[] {
  const entries = objectsAt(objectAt(object, 'metadata'), 'managedFields');
  const isOurs = (entry: JsonObject): boolean =>
    stringAt(entry, 'manager') === manager && stringAt(entry, 'subresource') === subresource;
  const before = objectAt(entries.find(isOurs), 'fieldsV1');
  const mine = {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: `${at.toISOString().slice(0, 19)}Z`,
    fieldsType: 'FieldsV1',
    fieldsV1: merge(before, fieldsOf(body)),
    ...(subresource && { subresource }),
  };
  return [...entries.filter((entry) => !isOurs(entry)), mine];
}

/** The fields of annotations and labels that a patch sets, and null for those that it removes; of a status its conditions. */
function fieldsOf(body: JsonObject): JsonObject {
  const fields = (key: string): JsonObject => {
    const set = Object.entries(objectAt(body, 'metadata', key));
    return set.length === 0
      ? {}
      : {
          [`f:${key}`]: Object.fromEntries(
            set.map(([name, value]) => [`f:${name}`, value === null ? null : {}]),
          ),
        };
  };
  const conditions = objectsAt(objectAt(body, 'status'), 'conditions').map((condition) => [
    `k:{"type":"${stringAt(condition, 'type')}"}`,
    { 'f:lastHeartbeatTime': {}, 'f:message': {}, 'f:reason': {}, 'f:status': {} },
  ]);
  return {
    ...('metadata' in body && { 'f:metadata': { ...fields('annotations'), ...fields('labels') } }),
    ...(conditions.length > 0 && { 'f:status': { 'f:conditions': Object.fromEntries(conditions) } }),
  };
}

// The chart's default values and their schema, level by level.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { objectAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { CHART } from './render.ts';

export const schemaText = await readFile(join(CHART, 'values.schema.json'), 'utf8');
export const schema = objectAt(JSON.parse(schemaText));
export const defaults = objectAt(parse(await readFile(join(CHART, 'values.yaml'), 'utf8')));

export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Returns the schema of the value at a path. */
export function schemaAt(path: readonly string[]): JsonObject {
  return objectAt(schema, ...path.flatMap((key) => ['properties', key]));
}

/** Returns the paths of the levels whose keys are ours, the root first. */
export function levels(path: readonly string[] = []): readonly (readonly string[])[] {
  const properties = schemaAt(path)['properties'];
  if (properties === undefined) return [];
  return [path, ...Object.keys(objectAt(properties)).flatMap((key) => levels([...path, key]))];
}

/** Returns the values of values.yaml; what Kubernetes defines is one value, and so is the policy. */
export function leaves(value: unknown = defaults, path: readonly string[] = []): readonly Leaf[] {
  const entries = Object.entries(objectAt(value));
  if (entries.length === 0 || schemaAt(path)['properties'] === undefined) return [{ path, value }];
  return entries.flatMap(([key, below]) => leaves(below, [...path, key]));
}

/** Returns the values with one more set at a path. */
export function withValue(values: JsonObject, [key, ...path]: readonly string[], value: unknown): JsonObject {
  if (key === undefined) return objectAt(value);
  const below = path.length === 0 ? value : withValue(objectAt(values[key]), path, value);
  return { ...values, [key]: below };
}

// What a YAML block of a page is, and what is wrong with it.

import { parseAllDocuments } from 'yaml';
import { parseConfigMap } from '../../../agent/cli/config-map-file.ts';
import { isObject, objectsAt, stringAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { CONFIG_MAP, NAMESPACE } from '../../../agent/names.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { isThere } from './pages.ts';

/** Returns what is wrong with a block: not YAML, a policy that `validate` refuses, or a manifest that does not exist. */
export function yamlProblems(text: string): readonly string[] {
  const documents = parseAllDocuments(text);
  const errors = documents.flatMap((document) => document.errors.map(({ message }) => message));
  if (errors.length > 0) return errors;
  const objects = documents.map((document): unknown => document.toJS()).filter(isObject);
  return objects.flatMap((object) => [...policyProblems(object, text), ...overlayProblems(object)]);
}

/** A policy is a ConfigMap of that name, or the `data` of one as `kubectl edit` shows it. */
export function isPolicy(object: JsonObject): boolean {
  const { kind, metadata, data } = object;
  if (kind === undefined) return isObject(data);
  return kind === 'ConfigMap' && isObject(metadata) && metadata['name'] === CONFIG_MAP;
}

function policyProblems(object: JsonObject, text: string): readonly string[] {
  if (!isPolicy(object)) return [];
  const head = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${CONFIG_MAP}, namespace: ${NAMESPACE}}\n`;
  const result = parsePolicy(parseConfigMap(object['kind'] === undefined ? head + text : text, 'the block'));
  return result.ok ? [] : result.errors.map(({ key, line, message }) => `${key}:${line}: ${message}`);
}

/** An overlay's folder lies beside daemonset/, as `deploy` does. */
function overlayProblems(object: JsonObject): readonly string[] {
  const folders = ['resources', 'components'].flatMap((key) => {
    const value = object[key];
    return Array.isArray(value) ? value.map(String) : [];
  });
  const missing = folders
    .filter((folder) => !folder.startsWith('../') || !isThere(folder.slice(3)))
    .map((folder) => `${folder} does not exist beside an overlay`);
  const patches = objectsAt(object, 'patches').flatMap((patch) =>
    yamlProblems(stringAt(patch, 'patch') ?? ''),
  );
  return [...missing, ...patches];
}

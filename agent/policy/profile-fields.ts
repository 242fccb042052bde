// The fields of one profile: its name, its nodeSelector and its allowances.

import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { quote } from '../text/quote.ts';
import type { ErrorList } from './error-list.ts';
import { labelKeyProblem, labelValueProblem } from './labels.ts';
import { readList } from './lists.ts';
import type { Entry } from './policy.ts';
import { asText, describe, isNothing, keyOf, textOf } from './yaml/yaml-nodes.ts';
import type { YamlText } from './yaml/yaml.ts';

/** The key of the ConfigMap that every error here names. */
export const PROFILES_KEY = 'profiles';

/** The YAML that is read, and where its errors go. */
export interface Reading {
  readonly yaml: YamlText;
  readonly errors: ErrorList;
}

type Fields = ReadonlyMap<string, unknown>;

/** Returns the profile's name and adds it to `names`; empty when there is no valid one. A name that `names` has is an error. */
export function readName(profile: YAMLMap, fields: Fields, names: Set<string>, reading: Reading): string {
  if (!fields.has('name')) {
    return '';
  }
  const node = fields.get('name');
  const name = textOf(node);
  if (name === undefined || name.trim() === '') {
    complain(
      reading,
      node ?? profile,
      () => `Expected name to be text, got ${describe(node)}. To fix it, ${asText(node)}.`,
    );
    return '';
  }
  if (names.has(name)) {
    complain(
      reading,
      node,
      () => `Expected each profile to have a name of its own, got ${quote(name)} twice. Rename one.`,
    );
  }
  names.add(name);
  return name;
}

/** Returns the labels that the profile selects nodes by; none when they cannot be read. */
export function readSelector(
  profile: YAMLMap,
  fields: Fields,
  reading: Reading,
): Readonly<Record<string, string>> {
  if (!fields.has('nodeSelector')) {
    return {};
  }
  const node = fields.get('nodeSelector');
  if (!isMap(node) || node.items.length === 0) {
    complain(
      reading,
      node ?? profile,
      () =>
        `Expected nodeSelector to be a map of at least one label, got ${describe(node)}. Write 'label: value' below it, or put the names into the ConfigMap's allowedUnsafeSysctls, which applies to every node.`,
    );
    return {};
  }
  return Object.fromEntries(
    node.items.map((pair): [string, string] => {
      const label = keyOf(pair) ?? '';
      const value = textOf(pair.value);
      const problem = labelKeyProblem(label) ?? (value === undefined ? undefined : labelValueProblem(value));
      if (value === undefined) {
        complain(
          reading,
          pair,
          () =>
            `Expected the label ${quote(label)} to have text as its value, got ${describe(pair.value)}. To fix it, ${asText(pair.value)}.`,
        );
      }
      if (problem !== undefined) {
        complain(reading, pair, () => problem);
      }
      return [label, value ?? ''];
    }),
  );
}

/** Returns the allowances, from a text or a list of names, each with its line in the YAML. */
export function readEntries(fields: Fields, reading: Reading): readonly Entry[] {
  const node = fields.get('allowedUnsafeSysctls');
  const text = textOf(node);
  if (text !== undefined) {
    return readText(node, text, reading);
  }
  if (isSeq(node)) {
    return node.items.flatMap((item) => readItem(item, reading));
  }
  if (fields.has('allowedUnsafeSysctls') && !isNothing(node)) {
    complain(
      reading,
      node,
      () =>
        `Expected allowedUnsafeSysctls to be text or a list of names, got ${describe(node)}. Write 'allowedUnsafeSysctls: |' and one name a line below it.`,
    );
  }
  return [];
}

// Only a block of lines after `|` keeps its line numbers; the entries of any other text get the line where it begins.
function readText(node: unknown, text: string, reading: Reading): readonly Entry[] {
  const line = reading.yaml.lineOf(node);
  const style = isScalar(node) ? node.type : undefined;
  if (style === 'BLOCK_FOLDED') {
    complain(
      reading,
      node,
      () => "Expected '|' before lines of names, got '>', which joins them. Write '|'.",
    );
    return [];
  }
  return style === 'BLOCK_LITERAL'
    ? readList(text, PROFILES_KEY, line + 1)
    : readList(text, PROFILES_KEY).map((entry) => ({ ...entry, line }));
}

function readItem(item: unknown, reading: Reading): readonly Entry[] {
  const pattern = textOf(item);
  if (pattern === undefined) {
    complain(
      reading,
      item,
      () => `Expected a sysctl name, got ${describe(item)}. Write one name after each dash.`,
    );
    return [];
  }
  return [{ pattern, key: PROFILES_KEY, line: reading.yaml.lineOf(item) }];
}

/** Adds an error at the line of a node. */
export function complain({ yaml, errors }: Reading, node: unknown, message: () => string): void {
  errors.add(PROFILES_KEY, yaml.lineOf(node), message);
}

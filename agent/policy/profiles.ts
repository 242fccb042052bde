// The key `profiles`: a YAML list of {name, nodeSelector, allowedUnsafeSysctls}.

import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { closest } from '../text/closest.ts';
import { quote } from '../text/quote.ts';
import type { ErrorList } from './error-list.ts';
import { labelKeyProblem, labelValueProblem } from './labels.ts';
import { readList } from './lists.ts';
import type { Entry, Profile } from './policy.ts';
import { asText, describe, isNothing, keyOf, textOf } from './yaml-nodes.ts';
import { parseYaml, type YamlText } from './yaml.ts';

const KEY = 'profiles';
const FIELDS = ['name', 'nodeSelector', 'allowedUnsafeSysctls'] as const;
// Enough for some hundred profiles; what comes of them must fit into the 60 MB that the agent's container has to spare.
const MOST_TOKENS = 15_000;
// One token may be a long list of names.
const LONGEST_TEXT = 128 * 1024;

/** What one profile needs to report its errors. */
interface Reading {
  readonly yaml: YamlText;
  readonly errors: ErrorList;
}

type Fields = ReadonlyMap<string, unknown>;

/** Reads every profile that can be read; whatever is wrong goes into `errors`, with the line in the YAML. */
export function readProfiles(text: string, errors: ErrorList): readonly Profile[] {
  if (text.length > LONGEST_TEXT) {
    errors.add(
      KEY,
      1,
      () =>
        `Expected profiles to be at most ${LONGEST_TEXT} characters, got ${text.length}; name fewer profiles.`,
    );
    return [];
  }
  const yaml = parseYaml(text, MOST_TOKENS);
  for (const { line, message } of yaml.problems) {
    errors.add(KEY, line, () => message);
  }
  return yaml.problems.length > 0 ? [] : profilesOf({ yaml, errors });
}

function profilesOf(reading: Reading): readonly Profile[] {
  const [root, second] = reading.yaml.roots;
  if (second !== undefined) {
    complain(
      reading,
      second,
      () => 'Expected one YAML list, got several documents; remove the line with ---.',
    );
    return [];
  }
  if (root === undefined) {
    return [];
  }
  if (!isSeq(root)) {
    complain(
      reading,
      root,
      () => "Expected a YAML list of profiles, got something else; begin each profile with '- name: …'.",
    );
    return [];
  }
  const names = new Set<string>();
  return root.items.map((item) => readProfile(item, names, reading));
}

function readProfile(item: unknown, names: Set<string>, reading: Reading): Profile {
  if (!isMap(item)) {
    complain(reading, item, () => `Expected a profile with ${FIELDS.join(', ')}, got ${describe(item)}.`);
    return { name: '', nodeSelector: {}, entries: [] };
  }
  const fields = fieldsOf(item, reading);
  return {
    name: readName(item, fields, names, reading),
    nodeSelector: readSelector(item, fields, reading),
    entries: readEntries(fields, reading),
  };
}

function fieldsOf(profile: YAMLMap, reading: Reading): Fields {
  const fields = new Map<string, unknown>();
  for (const pair of profile.items) {
    const field = keyOf(pair) ?? '';
    if (FIELDS.some((known) => known === field)) {
      fields.set(field, pair.value);
    } else {
      complain(
        reading,
        pair,
        () => `Expected one of the fields ${FIELDS.join(', ')}, got ${quote(field)}; ${hint(field)}`,
      );
    }
  }
  for (const field of FIELDS.filter((known) => !fields.has(known))) {
    complain(reading, profile, () => `Expected the profile to have ${field}, got none; add it.`);
  }
  return fields;
}

function readName(profile: YAMLMap, fields: Fields, names: Set<string>, reading: Reading): string {
  if (!fields.has('name')) {
    return '';
  }
  const node = fields.get('name');
  const name = textOf(node);
  if (name === undefined || name.trim() === '') {
    complain(
      reading,
      node ?? profile,
      () => `Expected name to be text, got ${describe(node)}; ${asText(node)}.`,
    );
    return '';
  }
  if (names.has(name)) {
    complain(
      reading,
      node,
      () => `Expected each profile to have a name of its own, got ${quote(name)} twice; rename one.`,
    );
  }
  names.add(name);
  return name;
}

function readSelector(profile: YAMLMap, fields: Fields, reading: Reading): Readonly<Record<string, string>> {
  if (!fields.has('nodeSelector')) {
    return {};
  }
  const node = fields.get('nodeSelector');
  if (!isMap(node) || node.items.length === 0) {
    complain(
      reading,
      node ?? profile,
      () =>
        `Expected nodeSelector to be a map of at least one label, got ${describe(node)}; write 'label: value' below it, or put the names into allowedUnsafeSysctls, which is for every node.`,
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
            `Expected the label ${quote(label)} to have text as its value, got ${describe(pair.value)}; ${asText(pair.value)}.`,
        );
      }
      if (problem !== undefined) {
        complain(reading, pair, () => problem);
      }
      return [label, value ?? ''];
    }),
  );
}

function readEntries(fields: Fields, reading: Reading): readonly Entry[] {
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
        `Expected allowedUnsafeSysctls to be text or a list of names, got ${describe(node)}; write 'allowedUnsafeSysctls: |' and one name a line below it.`,
    );
  }
  return [];
}

// Only a block of lines after `|` keeps its lines; any other text stands where it begins.
function readText(node: unknown, text: string, reading: Reading): readonly Entry[] {
  const line = reading.yaml.lineOf(node);
  const style = isScalar(node) ? node.type : undefined;
  if (style === 'BLOCK_FOLDED') {
    complain(
      reading,
      node,
      () => "Expected '|' before lines of names, got '>', which joins them; write '|'.",
    );
    return [];
  }
  return style === 'BLOCK_LITERAL'
    ? readList(text, KEY, line + 1)
    : readList(text, KEY).map((entry) => ({ ...entry, line }));
}

function readItem(item: unknown, reading: Reading): readonly Entry[] {
  const pattern = textOf(item);
  if (pattern === undefined) {
    complain(
      reading,
      item,
      () => `Expected a sysctl name, got ${describe(item)}; write one name after each dash.`,
    );
    return [];
  }
  return [{ pattern, key: KEY, line: reading.yaml.lineOf(item) }];
}

function complain({ yaml, errors }: Reading, node: unknown, message: () => string): void {
  errors.add(KEY, yaml.lineOf(node), message);
}

function hint(field: string): string {
  const meant = closest(field, FIELDS);
  return meant === undefined ? 'remove it.' : `did you mean ${meant}?`;
}

// The key `profiles`: a YAML list of {name, nodeSelector, allowedUnsafeSysctls}.

import { isMap, isSeq, type YAMLMap } from 'yaml';
import { closest } from '../text/closest.ts';
import { quote } from '../text/quote.ts';
import type { ErrorList } from './error-list.ts';
import type { Profile } from './policy.ts';
import {
  complain,
  PROFILES_KEY,
  readEntries,
  readName,
  readSelector,
  type Reading,
} from './profile-fields.ts';
import { describe, keyOf } from './yaml/yaml-nodes.ts';
import { parseYaml } from './yaml/yaml.ts';

const FIELDS = ['name', 'nodeSelector', 'allowedUnsafeSysctls'] as const;
// Enough for several hundred profiles. The parsed nodes must fit into the 60 MB that the agent's container has to spare.
const MOST_TOKENS = 15_000;
// One token may be a long list of names.
const LONGEST_TEXT = 128 * 1024;

/** Returns every profile that can be read. Adds what is wrong to `errors`, with its line in the YAML. */
export function readProfiles(text: string, errors: ErrorList): readonly Profile[] {
  if (text.length > LONGEST_TEXT) {
    errors.add(
      PROFILES_KEY,
      1,
      () =>
        `Expected profiles to be at most ${LONGEST_TEXT} characters, got ${text.length}. Name fewer profiles.`,
    );
    return [];
  }
  const yaml = parseYaml(text, MOST_TOKENS);
  for (const { line, message } of yaml.problems) {
    errors.add(PROFILES_KEY, line, () => message);
  }
  return yaml.problems.length > 0 ? [] : profilesOf({ yaml, errors });
}

function profilesOf(reading: Reading): readonly Profile[] {
  const [root, second] = reading.yaml.roots;
  if (second !== undefined) {
    complain(
      reading,
      second,
      () => 'Expected one YAML list, got several documents. Remove the line with ---.',
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
      () => `Expected a YAML list of profiles, got ${describe(root)}. Begin each profile with '- name: …'.`,
    );
    return [];
  }
  const names = new Set<string>();
  return root.items.map((item) => readProfile(item, names, reading));
}

function readProfile(item: unknown, names: Set<string>, reading: Reading): Profile {
  if (!isMap(item)) {
    complain(
      reading,
      item,
      () =>
        `Expected a profile with ${FIELDS.join(', ')}, got ${describe(item)}. Begin each profile with '- name: …'.`,
    );
    return { name: '', nodeSelector: {}, entries: [] };
  }
  const fields = fieldsOf(item, reading);
  return {
    name: readName(item, fields, names, reading),
    nodeSelector: readSelector(item, fields, reading),
    entries: readEntries(fields, reading),
  };
}

function fieldsOf(profile: YAMLMap, reading: Reading): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const pair of profile.items) {
    const field = keyOf(pair) ?? '';
    if (FIELDS.some((known) => known === field)) {
      fields.set(field, pair.value);
    } else {
      complain(
        reading,
        pair,
        () => `Expected one of the fields ${FIELDS.join(', ')}, got ${quote(field)}. ${hint(field)}`,
      );
    }
  }
  for (const field of FIELDS.filter((known) => !fields.has(known))) {
    complain(reading, profile, () => `Expected the profile to have ${field}, got none. Add it.`);
  }
  return fields;
}

function hint(field: string): string {
  const meant = closest(field, FIELDS);
  return meant === undefined ? 'Remove it.' : `Did you mean ${meant}?`;
}

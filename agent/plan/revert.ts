// Removes our allowances from a file that another party edited after our change.

import { readKubeletConfig, NO_CONFIG } from '../kubelet/config.ts';
import { configuredOf, type Configured } from '../kubelet/configured.ts';
import { printCsv } from '../kubelet/flags/csv.ts';
import { editExtraArgs } from '../kubelet/edit/edit.ts';
import { fromByteString } from '../kubelet/environment/bytes.ts';
import { findAssignment, parseEnvironmentFile } from '../kubelet/environment/environment-file.ts';
import { readEnvironmentFiles } from '../kubelet/environment/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import { EXTRA_ARGS } from '../kubelet/unit.ts';
import { usesOf } from './uses.ts';

export interface RevertInput {
  readonly path: string;
  /** The variable that our change edited; KUBELET_EXTRA_ARGS when absent. */
  readonly variable?: string;
  /** The file's bytes now. */
  readonly found: Uint8Array;
  /** The file's bytes before our change; undefined: the file did not exist. */
  readonly before: Uint8Array | undefined;
  /** The allowances that our change wanted. */
  readonly applied: readonly string[];
  /** All allowances that our change would have left in force. */
  readonly configuredAfter: readonly string[];
  /** Our flag's word before and after the change. */
  readonly flag: FlagEdit;
  readonly systemdVersion: number;
}

/** The word of our flag in the variable, such as `--allowed-unsafe-sysctls=a,b`; undefined: no flag. */
export interface FlagEdit {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * Returns the file without the allowances that our change added to the variable, and with those that it removed; all
 * other bytes stay. Returns the same bytes when the file holds nothing of our change.
 *
 * @throws EditError or RefusedFileError when the file cannot be edited or read.
 */
export function revertAllowances(input: RevertInput): Uint8Array {
  const { variable = EXTRA_ARGS, before, applied, configuredAfter, systemdVersion } = input;
  const found = withoutHidden(input);
  const old = before === undefined ? undefined : listIn(read(input, before), variable);
  const configured = read(input, found);
  const now = listIn(configured, variable);
  const kept = (now ?? []).filter((item) => old?.includes(item) === true || !applied.includes(item));
  const removed = (old ?? []).filter((item) => !kept.includes(item) && !configuredAfter.includes(item));
  const wanted = [...kept, ...removed];
  if (wanted.length === (now ?? []).length && wanted.every((item, index) => item === now?.[index])) {
    return found;
  }
  return editExtraArgs({
    variable,
    content: found,
    systemdVersion,
    carried: '',
    former: before,
    uses: usesOf(configured, variable).ranges,
    flag: wanted.length === 0 && old === undefined ? undefined : `--${ALLOWED_FLAG}=${printCsv(wanted)}`,
  });
}

/**
 * Returns the content with our flag's word replaced, as text, in assignments that a later one overrides: they come into
 * force when that one is removed.
 */
function withoutHidden({
  found: content,
  variable = EXTRA_ARGS,
  flag,
  systemdVersion,
}: RevertInput): Uint8Array {
  const { before = '', after } = flag;
  const document = parseEnvironmentFile(content, systemdVersion);
  const inForce = findAssignment(document, variable);
  const hidden = document.assignments.filter(
    (assignment) => assignment.key === variable && assignment !== inForce,
  );
  if (after === undefined || hidden.length === 0) {
    return content;
  }
  let text = document.text;
  for (const { valueFrom, to } of hidden.toReversed()) {
    text = text.slice(0, valueFrom) + replaceWord(text.slice(valueFrom, to), after, before) + text.slice(to);
  }
  return fromByteString(text);
}

/** Replaces the word, except where a longer word begins with it. */
function replaceWord(text: string, word: string, by: string): string {
  const parts = text.split(word);
  return parts
    .map((part, index) => {
      const next = parts[index + 1];
      if (next === undefined) {
        return part;
      }
      if (/^[^\s'"\\]/u.test(next)) {
        return part + word;
      }
      return by === '' ? part.replace(/\\? $/u, '') : part + by;
    })
    .join('');
}

/** Returns the configuration of a unit that reads this file alone. */
function read({ path, variable = EXTRA_ARGS, systemdVersion }: RevertInput, content: Uint8Array): Configured {
  const unit = {
    name: 'kubelet.service',
    execStart: ['kubelet', `$${variable}`],
    environment: [],
    environmentFiles: [{ path, optional: false, fromGlob: false, content }],
    systemdVersion,
  };
  return configuredOf(unit, readEnvironmentFiles(unit), readKubeletConfig(NO_CONFIG));
}

/** Returns the list of the flag; undefined when the variable does not have it. */
function listIn(configured: Configured, variable: string): readonly string[] | undefined {
  const { inExtra } = usesOf(configured, variable);
  return inExtra.length === 0
    ? undefined
    : inExtra.flatMap(({ items }) => items.map(({ pattern }) => pattern));
}

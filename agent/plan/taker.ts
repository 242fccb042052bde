// Finds what takes our list out of where it was written: the line in force that lacks it.

import { posix } from 'node:path';
import { nextArgv } from '../kubelet/configured.ts';
import type { Assignment } from '../kubelet/environment/environment-file.ts';
import {
  readUsableEnvironmentFiles,
  type ParsedEnvironmentFile,
} from '../kubelet/environment/environment.ts';
import { allowedByFlags, parseFlags } from '../kubelet/flags/flags.ts';
import { configPaths } from '../kubelet/running.ts';
import { EXTRA_ARGS, type KubeletUnit } from '../kubelet/unit.ts';
import { wordTexts } from '../kubelet/words.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { printable } from '../text/quote.ts';

/** Where the agent had written the list. */
export interface Place {
  readonly file: string;
  /** undefined: KUBELET_EXTRA_ARGS; null: the file is the agent's drop-in. */
  readonly variable?: string | null | undefined;
}

interface Found {
  readonly path: string;
  readonly assignment: Assignment;
  readonly text: string;
}

const LONGEST_TEXT = 300;

/**
 * Returns, without a period, which line of which file takes `list` out or overrules it, with its text; `place` is where the agent
 * had written it.
 */
export function takerText(
  unit: KubeletUnit,
  { file, variable = EXTRA_ARGS }: Place,
  list: readonly string[],
): string {
  if (variable === null) {
    const { configDir } = configPaths(nextArgv(unit));
    if (configDir === undefined || posix.join(configDir, posix.basename(file)) !== file) {
      return `the kubelet's arguments no longer have --config-dir ${posix.dirname(file)}, so that it does not read ${file}`;
    }
    return `${file} no longer has the whole list, or another place of the configuration overrules it`;
  }
  const files = readUsableEnvironmentFiles(unit);
  const found = files.flatMap((one) => assignmentsIn(one, variable));
  const inForce = found.at(-1);
  const ours = found.slice(0, -1).findLast(({ assignment }) => allows(assignment, list));
  if (inForce === undefined) {
    const isThere = files.some((one) => one.file.path === file && one.file.content !== undefined);
    return isThere ? `${file} no longer assigns ${variable}` : `${file} was removed`;
  }
  const { path, assignment, text } = inForce;
  const line = `${path}, line ${assignment.line}`;
  const quoted = printable(text, LONGEST_TEXT);
  return ours === undefined
    ? `${line} no longer has the whole flag: ${quoted}`
    : `${line} overrules the flag in ${ours.path === path ? '' : `${ours.path}, `}line ${ours.assignment.line}: ${quoted}`;
}

function assignmentsIn({ file, document }: ParsedEnvironmentFile, variable: string): readonly Found[] {
  return (document?.assignments ?? [])
    .filter(({ key }) => key === variable)
    .map((assignment) => ({
      path: file.path,
      assignment,
      text: Buffer.from(document?.text.slice(assignment.from, assignment.to) ?? '', 'latin1').toString(),
    }));
}

function allows({ value }: Assignment, list: readonly string[]): boolean {
  return list.every(coverageOf(allowedByFlags(parseFlags(wordTexts(value))) ?? []));
}

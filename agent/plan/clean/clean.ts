// Plans to take what the agent wrote out of one file: all of them with mode Restore, else those that the target has left.

import type { KubeletConfig } from '../../kubelet/config.ts';
import { configuredOf, type Configured } from '../../kubelet/configured.ts';
import { EditError } from '../../kubelet/edit/edit.ts';
import {
  EnvironmentFileError,
  findAssignment,
  parseEnvironmentFile,
} from '../../kubelet/environment/environment-file.ts';
import { readEnvironmentFiles } from '../../kubelet/environment/environment.ts';
import { EXTRA_ARGS } from '../../kubelet/unit.ts';
import { wordTexts } from '../../kubelet/words.ts';
import { sha256Of } from '../../text/hash.ts';
import { withContent } from '../carried/carried.ts';
import type { Planned, PlanInput, Refused, WrittenFile } from '../types.ts';
import { startProblem } from '../uses.ts';
import { cleanedBytes } from './written.ts';

export interface NodeNow {
  readonly before: Configured;
  readonly config: KubeletConfig;
}

/**
 * Returns the plan for the first written file that still has something of the agent; undefined when none has. A file whose
 * assignment is in force comes last: what it hides must not come into force.
 */
export function planRestore(input: PlanInput, now: NodeNow): Planned | Refused | undefined {
  const inForce = now.before.environment.get(EXTRA_ARGS)?.assigned?.path;
  const files = (input.written ?? []).toSorted(
    (one, other) => Number(one.file === inForce) - Number(other.file === inForce),
  );
  for (const written of files) {
    const plan = planCleaned(input, now, written);
    if (plan !== undefined) return plan;
  }
  return undefined;
}

/**
 * Returns `planned`, which changes nothing, or the plan for the first written file other than its own that still has
 * something of the agent. A file that cannot be cleaned, or whose cleaning would change the kubelet's arguments, is left as
 * it is.
 */
export function planLeftBehind(input: PlanInput, now: NodeNow, planned: Planned): Planned {
  for (const written of input.written ?? []) {
    const plan = written.file === planned.file ? undefined : planCleaned(input, now, written);
    if (plan?.kind === 'planned' && !plan.changesArguments) {
      const { file, before, after, changed, words, isCleaned, reason } = plan;
      return { ...planned, file, before, after, changed, words, isCleaned, reason, carried: undefined };
    }
  }
  return planned;
}

interface Cleaned extends Planned {
  readonly changesArguments: boolean;
}

function planCleaned(
  input: PlanInput,
  { before, config }: NodeNow,
  written: WrittenFile,
): Cleaned | Refused | undefined {
  const { file } = written;
  const read = input.unit.environmentFiles.find(({ path }) => path === file);
  const found = read === undefined ? written.found : read.content;
  try {
    const bytes = cleanedBytes(written, found, input.unit.systemdVersion);
    if (sha256Of(bytes) === sha256Of(found)) return undefined;
    const unit = withContent(input.unit, file, bytes);
    const after = configuredOf(unit, readEnvironmentFiles(unit), config);
    const changesArguments = argumentsOf(before) !== argumentsOf(after);
    const problem = changesArguments ? startProblem(unit, after) : undefined;
    if (problem !== undefined) return problem.refusal;
    return {
      kind: 'planned',
      file,
      before: found,
      after: bytes,
      changed: true,
      changesArguments,
      words: { before: wordsIn(found, input), after: wordsIn(bytes, input) },
      configured: { before: patternsOf(before), after: patternsOf(after) },
      desired: [],
      missing: [],
      unmanaged: after.allowances.filter(({ pattern }) => !isApplied(input, pattern)),
      remember: input.lastApplied,
      carried: undefined,
      kept: [],
      isCleaned: true,
      reason: reasonOf(input, written, found, before),
    };
  } catch (error) {
    if (error instanceof EnvironmentFileError || error instanceof EditError) {
      const place = error instanceof EditError ? { line: undefined, byte: undefined } : error;
      return { kind: 'refused', file, line: place.line, byte: place.byte, message: error.message };
    }
    throw error;
  }
}

function reasonOf(
  { goal, unit }: PlanInput,
  { file, left, bytes }: WrittenFile,
  found: Uint8Array | undefined,
  before: Configured,
): string {
  const isInForce = before.environment.get(EXTRA_ARGS)?.assigned?.path === file;
  const why =
    goal === 'Restore' || isInForce ? '' : `, from which ${unit.name} no longer takes ${EXTRA_ARGS}`;
  if (sha256Of(found) !== left)
    return `Takes what the agent wrote out of ${file}${why}. Keeps what others wrote there.`;
  return bytes === undefined ? `Removes ${file}, which the agent created${why}.` : `Restores ${file}${why}.`;
}

function wordsIn(content: Uint8Array | undefined, { unit }: PlanInput): string[] {
  const document = parseEnvironmentFile(content ?? new Uint8Array(), unit.systemdVersion);
  return [...wordTexts(findAssignment(document, EXTRA_ARGS)?.value ?? '')];
}

function isApplied({ written }: PlanInput, pattern: string): boolean {
  return written?.some(({ applied }) => applied.includes(pattern)) === true;
}

function argumentsOf({ args }: Configured): string {
  return JSON.stringify(args.map(({ text }) => text));
}

function patternsOf({ allowances }: Configured): string[] {
  return [...new Set(allowances.map(({ pattern }) => pattern))];
}

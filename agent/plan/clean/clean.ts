// Plans to take what the agent wrote out of one file: all of them with mode Restore, else those that the target has left.

import { ConfigError, readKubeletConfig, withDropIn, type KubeletConfig } from '../../kubelet/config.ts';
import { configuredOf, type Configured } from '../../kubelet/configured.ts';
import { EditError } from '../../kubelet/edit/edit.ts';
import { EnvironmentFileError } from '../../kubelet/environment/environment-file.ts';
import { readEnvironmentFiles } from '../../kubelet/environment/environment.ts';
import { sha256Of } from '../../text/hash.ts';
import { withContent } from '../carried/carried.ts';
import type { Planned, PlanInput, Refused, WrittenFile } from '../types.ts';
import { startProblem } from '../uses.ts';
import { patternsOf } from '../origins.ts';
import { cleanedBytes, wordsIn } from './written.ts';

export interface NodeNow {
  readonly before: Configured;
  readonly config: KubeletConfig;
}

/**
 * Returns the plan for the first written file that still has something of the agent; undefined when none has. A file whose
 * assignment is in force comes last: what it hides must not come into force.
 */
export function planRestore(input: PlanInput, now: NodeNow): Planned | Refused | undefined {
  const rank = (written: WrittenFile): number => Number(isInForce(written, now.before));
  const files = (input.written ?? []).toSorted((one, other) => rank(one) - rank(other));
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
    const isPlanned = written.file === planned.file && written.variable === planned.variable;
    const plan = isPlanned ? undefined : planCleaned(input, now, written);
    if (plan?.kind === 'planned' && !plan.changesArguments) {
      const { file, variable, before, after, changed, words, isCleaned, reason } = plan;
      return {
        ...planned,
        file,
        variable,
        before,
        after,
        changed,
        words,
        isCleaned,
        reason,
        carried: undefined,
      };
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
  const { file, variable } = written;
  const { systemdVersion } = input.unit;
  const read = input.unit.environmentFiles.find(({ path }) => path === file);
  const found = read === undefined ? written.found : read.content;
  try {
    const bytes = cleanedBytes(written, found, systemdVersion);
    if (sha256Of(bytes) === sha256Of(found)) return undefined;
    const unit = variable === undefined ? input.unit : withContent(input.unit, file, bytes);
    const nextConfig =
      variable === undefined ? readKubeletConfig(withDropIn(input.config, file, bytes)) : config;
    const after = configuredOf(unit, readEnvironmentFiles(unit), nextConfig);
    const changesArguments = startOf(before) !== startOf(after);
    const problem = changesArguments ? startProblem(unit, after, variable ?? '') : undefined;
    if (problem !== undefined) return problem.refusal;
    return {
      kind: 'planned',
      file,
      variable,
      before: found,
      after: bytes,
      changed: true,
      changesArguments,
      words: {
        before: wordsIn(found, variable, systemdVersion),
        after: wordsIn(bytes, variable, systemdVersion),
      },
      configured: { before: patternsOf(before.allowances), after: patternsOf(after.allowances) },
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
    if (error instanceof EnvironmentFileError) {
      return { kind: 'refused', file, line: error.line, byte: error.byte, message: error.message };
    }
    if (error instanceof EditError || error instanceof ConfigError) {
      return { kind: 'refused', file, line: undefined, byte: undefined, message: error.message };
    }
    throw error;
  }
}

function reasonOf(
  { goal, unit }: PlanInput,
  written: WrittenFile,
  found: Uint8Array | undefined,
  before: Configured,
): string {
  const { file, variable, left, bytes } = written;
  const why =
    goal === 'Restore' || isInForce(written, before)
      ? ''
      : `, from which ${unit.name} no longer takes ${variable ?? 'its configuration'}`;
  if (sha256Of(found) !== left)
    return `Takes what the agent wrote out of ${file}${why}. Keeps what others wrote there.`;
  return bytes === undefined ? `Removes ${file}, which the agent created${why}.` : `Restores ${file}${why}.`;
}

function isInForce({ file, variable }: WrittenFile, { environment }: Configured): boolean {
  return variable !== undefined && environment.get(variable)?.assigned?.path === file;
}

function isApplied({ written }: PlanInput, pattern: string): boolean {
  return written?.some(({ applied }) => applied.includes(pattern)) === true;
}

/** Returns what a start of the kubelet takes from its files, as one text. */
function startOf(configured: Configured): string {
  return JSON.stringify([configured.args.map(({ text }) => text), patternsOf(configured.allowances)]);
}

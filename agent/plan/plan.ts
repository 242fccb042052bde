// From what the policy wants and what the node has to the bytes of one file, and the reason why. Decides; does nothing.

import { ConfigError, readKubeletConfig, type ConfigSources } from '../kubelet/config.ts';
import { configuredOf, type Configured, type Origin } from '../kubelet/configured.ts';
import { printCsv } from '../kubelet/csv.ts';
import { editExtraArgs, EditError } from '../kubelet/edit.ts';
import {
  readEnvironmentFiles,
  RefusedFileError,
  type ParsedEnvironmentFile,
} from '../kubelet/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags.ts';
import { EXTRA_ARGS, type EnvironmentFileOnDisk, type KubeletUnit } from '../kubelet/unit.ts';
import { wordTexts } from '../kubelet/words.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { sha256Of } from '../text/hash.ts';
import { NEWEST_KUBELET, type Version } from '../sysctl/version.ts';
import { mergeAllowances, type LastApplied, type Merge } from './merge.ts';
import { explain } from './reason.ts';
import { chooseTarget } from './target.ts';
import { spoiledBy, startProblem, usesOf, type ExtraUses } from './uses.ts';

export type { LastApplied } from './merge.ts';
export type { Origin } from '../kubelet/configured.ts';

export interface PlanInput {
  readonly unit: KubeletUnit;
  readonly config: ConfigSources;
  readonly desired: readonly string[];
  readonly lastApplied: LastApplied;
  readonly unmanaged: 'Keep' | 'Remove';
  readonly goal: 'Apply' | 'Restore';
  /** The file before it was first changed, and its SHA-256 as it was left: a Restore brings it back while that fits. */
  readonly original?: OriginalFile | undefined;
  /** Judges other people's allowances; the newest known kubelet when it is left out. */
  readonly kubelet?: Version;
  /**
   * What to do where the kubelet would not start even with the arguments as they are: refuse, which is what the agent
   * must do, or plan all the same and say so in the reason.
   */
  readonly brokenStart?: 'Refuse' | 'Report';
}

export interface OriginalFile {
  readonly file: string;
  /** undefined: there was no file. */
  readonly bytes: Uint8Array | undefined;
  readonly left: string | null;
}

/** Nothing of the node can be changed: the kubelet takes its arguments from somewhere else. */
export interface Unreconcilable {
  readonly kind: 'unreconcilable';
  readonly reason: string;
}

/** A file must be mended by a person first. */
export interface Refused {
  readonly kind: 'refused';
  /** The file, or the unit's name where its own lines are at fault. */
  readonly file: string;
  /** From 1. */
  readonly line: number | undefined;
  /** Offset from the file's start. */
  readonly byte: number | undefined;
  readonly message: string;
}

export interface Planned {
  readonly kind: 'planned';
  readonly file: string;
  readonly before: Uint8Array | undefined;
  /** The same bytes when nothing changes; undefined only when the file neither exists nor is needed. */
  readonly after: Uint8Array | undefined;
  readonly changed: boolean;
  /** What `$KUBELET_EXTRA_ARGS` expands to. */
  readonly words: { readonly before: string[]; readonly after: string[] };
  /** What the next start of the kubelet would allow. */
  readonly configured: { readonly before: string[]; readonly after: string[] };
  /** What must be allowed; nothing when the goal is Restore. */
  readonly desired: string[];
  /** Desired, not covered by what is configured before. */
  readonly missing: string[];
  /** Configured after, and somebody else's. */
  readonly unmanaged: Origin[];
  /** To be remembered once the plan has succeeded. */
  readonly remember: LastApplied;
  readonly reason: string;
}

export type Plan = Unreconcilable | Refused | Planned;

/** Plans the one change that makes this node allow what is desired, and loses nothing that others allowed. */
export function planChange(input: PlanInput): Plan {
  try {
    return plan(input);
  } catch (error) {
    if (error instanceof RefusedFileError) {
      const { line, byte } = error.cause;
      return { kind: 'refused', file: error.path, line, byte, message: error.message };
    }
    if (error instanceof ConfigError) {
      return { kind: 'refused', file: error.path, line: error.line, byte: undefined, message: error.message };
    }
    throw error;
  }
}

function plan(input: PlanInput): Plan {
  const files = readEnvironmentFiles(input.unit);
  const config = readKubeletConfig(input.config);
  const before = configuredOf(input.unit, files, config);
  const target = chooseTarget(input.unit, files, before.environment.get(EXTRA_ARGS));
  if (target.kind === 'none') return { kind: 'unreconcilable', reason: target.reason };
  const problem = startProblem(input.unit, before);
  if (problem !== undefined && !(input.brokenStart === 'Report' && problem.canBeReported))
    return problem.refusal;

  const uses = usesOf(before);
  const wanted = input.goal === 'Restore' ? [] : [...new Set(input.desired)];
  const merge = mergeAllowances({
    existing: uses.inExtra.length === 0 ? undefined : patterns(uses.inExtra.flatMap(({ items }) => items)),
    elsewhere:
      uses.elsewhere.length === 0 ? undefined : patterns(uses.elsewhere.flatMap(({ items }) => items)),
    inConfig: patterns(before.inConfig),
    wanted,
    lastApplied: input.lastApplied,
    unmanaged: input.unmanaged,
    goal: input.goal,
    kubelet: input.kubelet ?? NEWEST_KUBELET,
  });
  const edited = edit(input, before, target.file, uses, merge);
  if (edited instanceof EditError) return refusedEdit(target.file, before, edited.message);
  const after = configuredOf(edited.unit, edited.files, config);
  const changed = sha256Of(edited.content) !== sha256Of(target.file.content);
  // What was there at first is not ours to judge.
  const judged = merge.changed && !edited.restored;
  const spoiled = judged ? (spoiledBy(before, after, merge.list) ?? tooLong(after)) : undefined;
  if (spoiled !== undefined) return refusedEdit(target.file, before, spoiled);

  const unmanaged = unmanagedOf(after, wanted, merge);
  const isCovered = coverageOf(patterns(before.allowances));
  return {
    kind: 'planned',
    file: target.file.path,
    before: target.file.content,
    after: edited.content,
    changed,
    words: { before: extraWords(before), after: extraWords(after) },
    configured: { before: patterns(before.allowances), after: patterns(after.allowances) },
    desired: wanted,
    missing: wanted.filter((item) => !isCovered(item)),
    unmanaged,
    remember: merge.remember,
    reason: explain({
      input,
      target: target.file,
      before,
      after,
      merge,
      wanted,
      changed,
      unmanaged,
      problem: problem?.refusal,
    }),
  };
}

/** MAX_ARG_STRLEN of Linux, for a word as well as for `NAME=value`, its NUL included. */
const LONGEST_STRING_BYTES = 131_072;

/** Linux runs no program with a longer string: the kubelet would not start. */
function tooLong(after: Configured): string | undefined {
  const value = after.environment.get(EXTRA_ARGS)?.value ?? '';
  const bytes = Buffer.byteLength(`${EXTRA_ARGS}=${value}`) + 1;
  if (bytes <= LONGEST_STRING_BYTES) return undefined;
  return `Expected ${EXTRA_ARGS} to be at most ${LONGEST_STRING_BYTES} bytes long, got ${bytes}. Use patterns instead of names.`;
}

interface Edited {
  /** The bytes are the original ones. */
  readonly restored: boolean;
  readonly content: Uint8Array | undefined;
  readonly unit: KubeletUnit;
  readonly files: readonly ParsedEnvironmentFile[];
}

function edit(
  input: PlanInput,
  before: Configured,
  target: EnvironmentFileOnDisk,
  uses: ExtraUses,
  merge: Merge,
): Edited | EditError {
  const { systemdVersion } = input.unit;
  const { original } = input;
  try {
    const untouched = original?.file === target.path && original.left === sha256Of(target.content);
    if (original !== undefined && untouched && input.goal === 'Restore') {
      return { ...withEdit(input, target.path, original.bytes), restored: true };
    }
    const content = merge.changed
      ? editExtraArgs({
          content: target.content,
          systemdVersion,
          carried: before.environment.get(EXTRA_ARGS)?.value ?? '',
          uses: uses.ranges,
          flag: merge.list === undefined ? undefined : `--${ALLOWED_FLAG}=${printCsv(merge.list)}`,
        })
      : target.content;
    return withEdit(input, target.path, content);
  } catch (error) {
    if (error instanceof EditError) return error;
    throw error;
  }
}

function withEdit({ unit: before }: PlanInput, path: string, content: Uint8Array | undefined): Edited {
  const unit = withContent(before, path, content);
  return { restored: false, content, unit, files: readEnvironmentFiles(unit) };
}

function withContent(unit: KubeletUnit, path: string, content: Uint8Array | undefined): KubeletUnit {
  return {
    ...unit,
    environmentFiles: unit.environmentFiles.map((file) => (file.path === path ? { ...file, content } : file)),
  };
}

function refusedEdit(target: EnvironmentFileOnDisk, before: Configured, message: string): Refused {
  const line = before.environment.get(EXTRA_ARGS)?.assigned?.assignment.line;
  return { kind: 'refused', file: target.path, line, byte: undefined, message };
}

/** Other people's allowances; a copy of the config files' list is theirs. */
function unmanagedOf(after: Configured, wanted: readonly string[], merge: Merge): Origin[] {
  const found = after.allowances
    .filter(({ pattern }) => !wanted.includes(pattern))
    .map((allowance) =>
      merge.remember.folded.includes(allowance.pattern)
        ? (after.inConfig.find(({ pattern }) => pattern === allowance.pattern) ?? allowance)
        : allowance,
    );
  return found.filter(
    (one, index) =>
      found.findIndex(({ pattern, origin }) => pattern === one.pattern && origin === one.origin) === index,
  );
}

function extraWords(configured: Configured): string[] {
  return [...wordTexts(configured.environment.get(EXTRA_ARGS)?.value ?? '')];
}

function patterns(origins: readonly Origin[]): string[] {
  return [...new Set(origins.map(({ pattern }) => pattern))];
}

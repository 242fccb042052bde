// Plans a change: from what the policy wants and what the node has to the new bytes of one file, and the reason. Pure.

import { ConfigError, readKubeletConfig } from '../kubelet/config.ts';
import { configuredOf, type Configured, type Origin } from '../kubelet/configured.ts';
import { EditError } from '../kubelet/edit/edit.ts';
import {
  readEnvironmentFiles,
  RefusedFileError,
  type ParsedEnvironmentFile,
} from '../kubelet/environment/environment.ts';
import { EXTRA_ARGS, type EnvironmentFileOnDisk } from '../kubelet/unit.ts';
import { wordTexts } from '../kubelet/words.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { NEWEST_KUBELET } from '../sysctl/version.ts';
import { sha256Of } from '../text/hash.ts';
import { followCarried, type Followed } from './carried/carried.ts';
import { planLeftBehind, planRestore, type NodeNow } from './clean/clean.ts';
import { editFile, lengthProblem } from './edit-file.ts';
import { mergeAllowances, type Merge } from './merge.ts';
import { explain } from './reason.ts';
import { chooseTarget } from './target.ts';
import type { Plan, Planned, PlanInput, Refused } from './types.ts';
import { verifyEdit, startProblem, usesOf } from './uses.ts';

/** Returns the plan of a change after which this node allows what is desired, and keeps what other parties allowed. */
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
  const restored = input.goal === 'Restore' ? planRestore(input, { before, config }) : undefined;
  if (restored !== undefined) return restored;
  const target = chooseTarget(input.unit, files, before.environment.get(EXTRA_ARGS));
  if (target.kind === 'none') return { kind: 'unreconcilable', reason: target.reason };
  const planned = planTarget(input, target.file, { files, before, config });
  if (planned.kind !== 'planned' || planned.changed || input.goal === 'Restore') return planned;
  return planLeftBehind(input, { before, config }, planned);
}

function planTarget(
  input: PlanInput,
  target: EnvironmentFileOnDisk,
  { files, before, config }: NodeNow & { readonly files: readonly ParsedEnvironmentFile[] },
): Planned | Refused {
  const followed = follow(input, target, files, { before, config });
  if (followed instanceof EditError) return refusedEdit(target, before, followed.message);
  const problem = startProblem(followed.unit, followed.configured);
  if (problem !== undefined && !(input.brokenStart === 'Report' && problem.canBeReported))
    return problem.refusal;

  const uses = usesOf(followed.configured);
  const wanted = input.goal === 'Restore' ? [] : [...new Set(input.desired)];
  const merge = mergeAllowances({
    existing: uses.inExtra.length === 0 ? undefined : patterns(uses.inExtra.flatMap(({ items }) => items)),
    elsewhere:
      uses.elsewhere.length === 0 ? undefined : patterns(uses.elsewhere.flatMap(({ items }) => items)),
    inConfig: patterns(before.inConfig),
    wanted,
    // What the agent has not written is not its to restore.
    lastApplied: input.goal === 'Restore' && input.written !== undefined ? NOTHING : input.lastApplied,
    unmanaged: input.unmanaged,
    goal: input.goal,
    kubelet: input.kubelet ?? NEWEST_KUBELET,
  });
  const edited = editFile(input, followed, target, uses, merge);
  if (edited instanceof EditError) return refusedEdit(target, before, edited.message);
  const after = configuredOf(edited.unit, edited.files, config);
  const changed = sha256Of(edited.content) !== sha256Of(target.content);
  const spoiled = merge.changed
    ? (verifyEdit(followed.configured, after, merge.list) ?? lengthProblem(after))
    : undefined;
  if (spoiled !== undefined) return refusedEdit(target, before, spoiled);

  const unmanaged = unmanagedOf(after, wanted, merge);
  const isCovered = coverageOf(patterns(before.allowances));
  return {
    kind: 'planned',
    file: target.path,
    before: target.content,
    after: edited.content,
    changed,
    words: { before: extraWords(before), after: extraWords(after) },
    configured: { before: patterns(before.allowances), after: patterns(after.allowances) },
    desired: wanted,
    missing: wanted.filter((item) => !isCovered(item)),
    unmanaged,
    remember: merge.remember,
    carried: followed.source,
    kept: followed.kept.map(
      (words) =>
        `${target.path} has ${words} as ${followed.source?.origin ?? ''}, because it was edited by hand.`,
    ),
    isCleaned: false,
    reason: explain({
      input,
      target,
      before,
      followed,
      after,
      merge,
      wanted,
      changed,
      unmanaged,
      problem: problem?.refusal,
    }),
  };
}

const NOTHING = { ours: [], folded: [] };

function follow(...args: Parameters<typeof followCarried>): Followed | EditError {
  try {
    return followCarried(...args);
  } catch (error) {
    if (error instanceof EditError) return error;
    throw error;
  }
}

function refusedEdit(target: EnvironmentFileOnDisk, before: Configured, message: string): Refused {
  const line = before.environment.get(EXTRA_ARGS)?.assigned?.assignment.line;
  return { kind: 'refused', file: target.path, line, byte: undefined, message };
}

/** Returns the allowances of other parties. A copy of the config files' list belongs to the config file. */
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

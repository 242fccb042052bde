// Plans a change: from what the policy wants and what the node has to the new bytes of one file, and the reason. Pure.

import { ConfigError, readKubeletConfig } from '../kubelet/config.ts';
import { configuredOf, type AllowedUse, type Configured } from '../kubelet/configured.ts';
import { EditError } from '../kubelet/edit/edit.ts';
import {
  readEnvironmentFiles,
  RefusedFileError,
  type ParsedEnvironmentFile,
} from '../kubelet/environment/environment.ts';
import { wordTexts } from '../kubelet/words.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { NEWEST_KUBELET } from '../sysctl/version.ts';
import { sha256Of } from '../text/hash.ts';
import { followCarried, type Followed } from './carried/carried.ts';
import { planLeftBehind, planRestore, type NodeNow } from './clean/clean.ts';
import { editFile, lengthProblem } from './edit-file.ts';
import { mergeTermsOf } from './merge-terms.ts';
import { mergeAllowances } from './merge.ts';
import { patternsOf, unmanagedOf } from './origins.ts';
import { planDropIn } from './plan-drop-in.ts';
import { explain } from './reason.ts';
import { chooseTarget, type FileTarget } from './target.ts';
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
  const now = { before, config };
  const restored = input.goal === 'Restore' ? planRestore(input, now) : undefined;
  if (restored !== undefined) return restored;
  const target = chooseTarget({
    unit: input.unit,
    files,
    environment: before.environment,
    config: input.config,
    kubelet: input.kubelet ?? NEWEST_KUBELET,
    // What was written there before is cleaned in any case.
    mayUseOpenShifts: input.openShiftConfigDir === true || input.goal === 'Restore',
  });
  if (target.kind === 'none') return { kind: 'unreconcilable', reason: target.reason };
  const planned =
    target.kind === 'drop-in'
      ? planDropIn(input, target, { files, before })
      : planTarget(input, target, { files, ...now });
  if (planned.kind !== 'planned' || planned.changed || input.goal === 'Restore') return planned;
  return planLeftBehind(input, now, planned);
}

function planTarget(
  input: PlanInput,
  target: FileTarget,
  { files, before, config }: NodeNow & { readonly files: readonly ParsedEnvironmentFile[] },
): Planned | Refused {
  const { file, variable } = target;
  const followed = follow(input, target, files, { before, config });
  if (followed instanceof EditError) return refusedEdit(target, before, followed.message);
  const problem = startProblem(followed.unit, followed.configured, variable);
  if (problem !== undefined && !(input.brokenStart === 'Report' && problem.canBeReported))
    return problem.refusal;

  const uses = usesOf(followed.configured, variable);
  const terms = mergeTermsOf(input);
  const { wanted } = terms;
  const [existing, elsewhere] = [listOf(uses.inExtra), listOf(uses.elsewhere)];
  const merge = mergeAllowances({ ...terms, existing, elsewhere, inConfig: patternsOf(before.inConfig) });
  const edited = editFile(input, followed, target, uses, merge);
  if (edited instanceof EditError) return refusedEdit(target, before, edited.message);
  const after = configuredOf(edited.unit, edited.files, config);
  const changed = sha256Of(edited.content) !== sha256Of(file.content);
  const spoiled = merge.changed
    ? (verifyEdit(followed.configured, after, merge.list, variable) ?? lengthProblem(after, variable))
    : undefined;
  if (spoiled !== undefined) return refusedEdit(target, before, spoiled);

  const unmanaged = unmanagedOf(after, wanted, merge);
  const isCovered = coverageOf(patternsOf(before.allowances));
  return {
    kind: 'planned',
    file: file.path,
    variable,
    before: file.content,
    after: edited.content,
    changed,
    words: { before: wordsOf(before, variable), after: wordsOf(after, variable) },
    configured: { before: patternsOf(before.allowances), after: patternsOf(after.allowances) },
    desired: [...wanted],
    missing: wanted.filter((item) => !isCovered(item)),
    unmanaged,
    remember: merge.remember,
    carried: followed.source,
    kept: keptTexts(file.path, followed),
    isCleaned: false,
    reason: explain({
      input,
      place: { file: file.path, isNew: file.content === undefined, name: variable, list: existing ?? [] },
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

/** Returns the list that these uses of the flag give; undefined: there is none. */
function listOf(uses: readonly AllowedUse[]): readonly string[] | undefined {
  return uses.length === 0 ? undefined : patternsOf(uses.flatMap(({ items }) => items));
}

function keptTexts(file: string, { kept, source }: Followed): string[] {
  return kept.map(
    (words) => `${file} has ${words} as ${source?.origin ?? ''}, because it was edited by hand.`,
  );
}

function follow(...args: Parameters<typeof followCarried>): Followed | EditError {
  try {
    return followCarried(...args);
  } catch (error) {
    if (error instanceof EditError) return error;
    throw error;
  }
}

function refusedEdit({ file, variable }: FileTarget, before: Configured, message: string): Refused {
  const line = before.environment.get(variable)?.assigned?.assignment.line;
  return { kind: 'refused', file: file.path, line, byte: undefined, message };
}

function wordsOf(configured: Configured, variable: string): string[] {
  return [...wordTexts(configured.environment.get(variable)?.value ?? '')];
}

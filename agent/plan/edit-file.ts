// Computes the new content of a plan's file: our flag edited, or the original bytes restored.

import type { Configured } from '../kubelet/configured.ts';
import { printCsv } from '../kubelet/flags/csv.ts';
import { editExtraArgs, EditError } from '../kubelet/edit/edit.ts';
import { readEnvironmentFiles, type ParsedEnvironmentFile } from '../kubelet/environment/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import { EXTRA_ARGS, type EnvironmentFileOnDisk, type KubeletUnit } from '../kubelet/unit.ts';
import { withoutCopies } from '../kubelet/edit/duplicates.ts';
import { sha256Of } from '../text/hash.ts';
import type { Merge } from './merge.ts';
import { withoutOurs } from './revert-words.ts';
import type { PlanInput } from './types.ts';
import type { ExtraUses } from './uses.ts';

export interface EditedFile {
  /** True when the content is that before the agent's first change. */
  readonly isRestored: boolean;
  readonly content: Uint8Array | undefined;
  /** The unit with this content in the file, and all its environment files parsed again. */
  readonly unit: KubeletUnit;
  readonly files: readonly ParsedEnvironmentFile[];
}

/** Returns the target file after the merge; an EditError when no edit changes our flag alone. */
export function editFile(
  input: PlanInput,
  before: Configured,
  target: EnvironmentFileOnDisk,
  uses: ExtraUses,
  merge: Merge,
): EditedFile | EditError {
  const original = originalBytes(input, target);
  if (original !== undefined) {
    return { isRestored: true, ...withContent(input.unit, target.path, original.bytes) };
  }
  try {
    const { systemdVersion } = input.unit;
    const edited = merge.changed
      ? editExtraArgs({
          content: target.content,
          systemdVersion,
          carried: before.environment.get(EXTRA_ARGS)?.value ?? '',
          uses: uses.ranges,
          flag: merge.list === undefined ? undefined : `--${ALLOWED_FLAG}=${printCsv(merge.list)}`,
        })
      : target.content;
    const content =
      edited && withoutOld(input, target.path, edited, merge.changed && merge.list !== undefined);
    return { isRestored: false, ...withContent(input.unit, target.path, content) };
  } catch (error) {
    if (error instanceof EditError) return error;
    throw error;
  }
}

/** Returns the bytes without earlier assignments that an edit of ours left behind, which another party's line overrules. */
function withoutOld(input: PlanInput, path: string, content: Uint8Array, isChanged: boolean): Uint8Array {
  const { goal, lastApplied, original } = input;
  const { systemdVersion } = input.unit;
  if (goal === 'Apply') {
    return isChanged && lastApplied.ours.length > 0 ? withoutCopies(content, systemdVersion) : content;
  }
  if (original?.file !== path) {
    return content;
  }
  const clean = withoutOurs(content, {
    before: original.bytes,
    applied: [...lastApplied.ours, ...lastApplied.folded],
    word: undefined,
    systemdVersion,
    variable: EXTRA_ARGS,
  });
  return sha256Of(clean) === sha256Of(content) ? content : withoutCopies(clean, systemdVersion);
}

/** MAX_ARG_STRLEN of Linux, for a word and for `NAME=value`, including the NUL at the end. */
const LONGEST_STRING_BYTES = 131_072;

/** Returns a message when KUBELET_EXTRA_ARGS is longer than Linux passes to a program; undefined when it fits. */
export function lengthProblem(after: Configured): string | undefined {
  const value = after.environment.get(EXTRA_ARGS)?.value ?? '';
  const bytes = Buffer.byteLength(`${EXTRA_ARGS}=${value}`) + 1;
  if (bytes <= LONGEST_STRING_BYTES) return undefined;
  return `Expected ${EXTRA_ARGS} to be at most ${LONGEST_STRING_BYTES} bytes long, got ${bytes}. Linux would not start the kubelet. Use patterns instead of names.`;
}

/** Returns what a Restore writes: the bytes before the first change; undefined when another party has edited the file since. */
function originalBytes({ goal, original }: PlanInput, target: EnvironmentFileOnDisk): PlanInput['original'] {
  const isUntouched = original?.file === target.path && original.left === sha256Of(target.content);
  return goal === 'Restore' && isUntouched ? original : undefined;
}

function withContent(
  before: KubeletUnit,
  path: string,
  content: Uint8Array | undefined,
): Omit<EditedFile, 'isRestored'> {
  const environmentFiles = before.environmentFiles.map((file) =>
    file.path === path ? { ...file, content } : file,
  );
  const unit = { ...before, environmentFiles };
  return { content, unit, files: readEnvironmentFiles(unit) };
}

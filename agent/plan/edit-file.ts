// Computes the new content of a plan's file: our flag edited.

import type { Configured } from '../kubelet/configured.ts';
import { printCsv } from '../kubelet/flags/csv.ts';
import { editExtraArgs, EditError } from '../kubelet/edit/edit.ts';
import { readEnvironmentFiles, type ParsedEnvironmentFile } from '../kubelet/environment/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { withoutCopies } from '../kubelet/edit/duplicates.ts';
import { withContent, type Followed } from './carried/carried.ts';
import type { Merge } from './merge.ts';
import type { FileTarget } from './target.ts';
import type { PlanInput } from './types.ts';
import type { ExtraUses } from './uses.ts';

export interface EditedFile {
  readonly content: Uint8Array | undefined;
  /** The unit with this content in the file, and all its environment files parsed again. */
  readonly unit: KubeletUnit;
  readonly files: readonly ParsedEnvironmentFile[];
}

/** Returns the target file after the merge; an EditError when no edit changes our flag alone. */
export function editFile(
  input: PlanInput,
  followed: Followed,
  { file: target, variable }: FileTarget,
  uses: ExtraUses,
  merge: Merge,
): EditedFile | EditError {
  try {
    const { systemdVersion } = input.unit;
    const edited = merge.changed
      ? editExtraArgs({
          variable,
          content: followed.content,
          systemdVersion,
          carried: followed.carried,
          former: input.written?.find(({ file }) => file === target.path)?.bytes,
          uses: uses.ranges,
          flag: merge.list === undefined ? undefined : `--${ALLOWED_FLAG}=${printCsv(merge.list)}`,
        })
      : followed.content;
    // Another party's line overrules those that an edit of ours left behind.
    const leavesCopies =
      input.goal === 'Apply' &&
      merge.changed &&
      merge.list !== undefined &&
      input.lastApplied.ours.length > 0;
    const content = leavesCopies && edited ? withoutCopies(edited, variable, systemdVersion) : edited;
    const unit = withContent(input.unit, target.path, content);
    return { content, unit, files: readEnvironmentFiles(unit) };
  } catch (error) {
    if (error instanceof EditError) return error;
    throw error;
  }
}

/** MAX_ARG_STRLEN of Linux, for a word and for `NAME=value`, including the NUL at the end. */
const LONGEST_STRING_BYTES = 131_072;

/** Returns a message when the variable is longer than Linux passes to a program; undefined when it fits. */
export function lengthProblem(after: Configured, variable: string): string | undefined {
  const value = after.environment.get(variable)?.value ?? '';
  const bytes = Buffer.byteLength(`${variable}=${value}`) + 1;
  if (bytes <= LONGEST_STRING_BYTES) return undefined;
  return `Expected ${variable} to be at most ${LONGEST_STRING_BYTES} bytes long, got ${bytes}. Linux would not start the kubelet. Use patterns instead of names.`;
}

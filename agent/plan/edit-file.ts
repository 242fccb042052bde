// Computes the new content of a plan's file: our flag edited, or the original bytes restored.

import type { Configured } from '../kubelet/configured.ts';
import { printCsv } from '../kubelet/flags/csv.ts';
import { editExtraArgs, EditError } from '../kubelet/edit/edit.ts';
import { readEnvironmentFiles, type ParsedEnvironmentFile } from '../kubelet/environment/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import { sha256Of } from '../text/hash.ts';
import type { Merge } from './merge.ts';
import { placeOf, type FileTarget } from './target.ts';
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
  { file: target, variable }: FileTarget,
  uses: ExtraUses,
  merge: Merge,
): EditedFile | EditError {
  const original = originalBytes(input, target);
  if (original !== undefined) {
    return { isRestored: true, ...withContent(input.unit, target, original.bytes) };
  }
  try {
    const content = merge.changed
      ? editExtraArgs({
          variable,
          content: target.content,
          systemdVersion: input.unit.systemdVersion,
          carried: before.environment.get(variable)?.value ?? '',
          uses: uses.ranges,
          flag: merge.list === undefined ? undefined : `--${ALLOWED_FLAG}=${printCsv(merge.list)}`,
        })
      : target.content;
    return { isRestored: false, ...withContent(input.unit, target, content) };
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

/** Returns what a Restore writes: the bytes before the first change; undefined when another party has edited the file since. */
function originalBytes({ goal, original }: PlanInput, target: FileTarget['file']): PlanInput['original'] {
  const isUntouched = original?.file === target.path && original.left === sha256Of(target.content);
  return goal === 'Restore' && isUntouched ? original : undefined;
}

function withContent(
  before: KubeletUnit,
  target: FileTarget['file'],
  content: Uint8Array | undefined,
): Omit<EditedFile, 'isRestored'> {
  const environmentFiles = before.environmentFiles.map((file) =>
    placeOf(file) === placeOf(target) ? { ...file, content } : file,
  );
  const unit = { ...before, environmentFiles };
  return { content, unit, files: readEnvironmentFiles(unit) };
}

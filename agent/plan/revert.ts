// Removes our allowances from a file that another party edited after our change.

import { readKubeletConfig, NO_CONFIG } from '../kubelet/config.ts';
import { configuredOf, type Configured } from '../kubelet/configured.ts';
import { printCsv } from '../kubelet/flags/csv.ts';
import { editExtraArgs } from '../kubelet/edit/edit.ts';
import { readEnvironmentFiles } from '../kubelet/environment/environment.ts';
import { ALLOWED_FLAG } from '../kubelet/flags/flags.ts';
import { EXTRA_ARGS } from '../kubelet/unit.ts';
import { withoutOurs } from './revert-words.ts';
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
 * Returns the file without the allowances that our change added, whatever another party made of the flag since, and with those that
 * it removed from the variable; all other bytes stay. Returns the same bytes when the file holds nothing of our change.
 *
 * @throws EditError, RefusedFileError or EnvironmentFileError when the file cannot be edited or read, or still holds the change.
 */
export function revertAllowances(input: RevertInput): Uint8Array {
  const { variable = EXTRA_ARGS, before, applied, configuredAfter, flag, systemdVersion } = input;
  const found = withoutOurs(input.found, { before, applied, word: flag.after, systemdVersion, variable });
  const old = before === undefined ? undefined : listIn(read(input, before), variable);
  const configured = read(input, found);
  const now = listIn(configured, variable) ?? [];
  const removed = (old ?? []).filter((item) => !now.includes(item) && !configuredAfter.includes(item));
  if (removed.length === 0) {
    return found;
  }
  return editExtraArgs({
    variable,
    content: found,
    systemdVersion,
    carried: '',
    former: before,
    uses: usesOf(configured, variable).ranges,
    flag: `--${ALLOWED_FLAG}=${printCsv([...now, ...removed])}`,
  });
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

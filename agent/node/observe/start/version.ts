// The version of the kubelet, and whether it takes the flag that the agent sets.

import { ALLOWED_FLAG } from '../../../kubelet/flags/flags.ts';
import { unknownFlagIn } from '../../../kubelet/flags/unknown-flag.ts';
import { parseVersion, type Version } from '../../../sysctl/version.ts';
import { steadyLine } from '../../../text/steady.ts';
import type { Processes, Program, ProgramAnswer } from '../../ports.ts';
import type { KubeletStart } from './start.ts';
import { kubeletErrorLine } from '../kubelet-log.ts';

/** Passed with --version, so that a kubelet that no longer knows the flag is detected. Any valid allowance. */
const FLAG_WE_USE = `--${ALLOWED_FLAG}=net.core.somaxconn`;

export type VersionAnswer =
  | { readonly kind: 'version'; readonly version: Version; readonly takesFlag: boolean }
  | { readonly kind: 'refused'; readonly reason: string }
  /** No binary may be run that could say. */
  | { readonly kind: 'unknown' };

/** Asks the binary of the next start; unless `mayRunNext`, that of the running kubelet, or neither when none runs. */
export async function askVersion(
  processes: Pick<Processes, 'kubeletVersion'>,
  { next, running }: Pick<KubeletStart, 'next' | 'running'>,
  mayRunNext: boolean,
): Promise<VersionAnswer> {
  const isRunning = running?.file === next.file;
  const asked: Program = mayRunNext || isRunning ? next : (running ?? next);
  const run = mayRunNext || running !== undefined;
  const answer = await processes.kubeletVersion(asked, [FLAG_WE_USE], { run });
  if (answer === undefined) return { kind: 'unknown' };
  if (answer.ok || unknownFlagIn(answer.output) !== ALLOWED_FLAG) return versionIn(asked.path, answer);
  const plain = await processes.kubeletVersion(asked, [], { run });
  const version = plain?.ok === true ? versionIn(asked.path, plain) : undefined;
  return version?.kind === 'version' ? { ...version, takesFlag: false } : versionIn(asked.path, answer);
}

function versionIn(path: string, { ok, output }: ProgramAnswer): VersionAnswer {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  if (!ok) {
    const line = kubeletErrorLine(lines, 'exit-code') ?? steadyLine(lines[0] ?? 'no output');
    return { kind: 'refused', reason: `${path} does not take --allowed-unsafe-sysctls: ${line}` };
  }
  const version = parseVersion(output);
  return version === undefined
    ? {
        kind: 'refused',
        reason: `Expected ${path} --version to print a version, got ${steadyLine(lines[0] ?? 'nothing')}`,
      }
    : { kind: 'version', version, takesFlag: true };
}

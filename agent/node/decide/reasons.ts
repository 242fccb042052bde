// The texts of a node's `reason`.

import { noteOf, type PastChange } from '../../report/past-change.ts';
import type { Drift } from '../../plan/drift.ts';
import { ALLOWED_FLAG } from '../../kubelet/flags/flags.ts';
import { placeOfFlag, unknownFlagIn } from '../../kubelet/flags/unknown-flag.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import type { Planned, Refused } from '../../plan/types.ts';
import type { Desired } from '../../policy/desired.ts';
import type { ShortOfSpace } from '../observe/files.ts';
import type { UnitStatus } from '../ports.ts';

/** Returns why the agent does not edit the file, with the line and byte of the fault. */
export function refusalReason({ file, line, byte, message }: Refused): string {
  const where = [
    line === undefined ? [] : [`line ${line}`],
    byte === undefined ? [] : [`byte ${byte}`],
  ].flat();
  return `${[file, ...where].join(', ')}: ${message} Until then the file is left alone.`;
}

/**
 * Returns the reason of a node that is Done: what runs, what is safe, not allowed or unmanaged, what else happened in its last change,
 * and the sentences of `kept`.
 */
export function doneReason({
  desired,
  drift,
  kept,
  last,
}: {
  readonly desired: Desired;
  readonly drift: Drift;
  readonly kept: readonly string[];
  readonly last: PastChange | undefined;
}): string {
  const count = desired.allowances.length;
  const parts = [
    count === 0
      ? 'The policy asks for no allowance on this node.'
      : `The kubelet runs with ${count === 1 ? 'the desired allowance' : `all ${count} desired allowances`}.`,
  ];
  if (desired.safe.length > 0) {
    parts.push(`Already safe on this kubelet, not needed: ${desired.safe.join(', ')}.`);
  }
  parts.push(
    ...desired.unsupported.map(({ pattern, message }) => `Not allowed here: ${pattern}: ${message}`),
  );
  if (drift.unmanaged.length > 0) {
    parts.push(
      `Kept, though the policy does not ask for it: ${drift.unmanaged.map(({ pattern }) => pattern).join(', ')}.`,
    );
  }
  parts.push(...kept);
  const note = last === undefined ? undefined : noteOf(last);
  if (note !== undefined && last?.revision === desired.revision) {
    parts.push(`During the last change ${note}.`);
  }
  return parts.join(' ');
}

/** `errorLine`: the kubelet's own error line. When that names a flag that the kubelet does not know, adds where it is set. */
export function notRunningReason(
  { name, activeState, subState }: UnitStatus,
  unit: KubeletUnit,
  errorLine: string | undefined,
): string {
  const flag = errorLine === undefined ? undefined : unknownFlagIn(errorLine);
  const place = flag === undefined ? undefined : placeOfFlag(unit, flag);
  const remove = place === undefined ? '' : ` This kubelet does not know --${flag}. Remove it from ${place}`;
  const log = errorLine === undefined ? '' : ` Its log says: ${errorLine}${remove && `.${remove}`}`;
  return `${name} is ${activeState}/${subState}. The agent changes only a running kubelet. Repair or start it.${log}`;
}

/** `at`: the healthz address. */
export function unhealthyReason(
  { name, deniesAddresses }: Pick<UnitStatus, 'name' | 'deniesAddresses'>,
  at: { readonly address: string; readonly port: number } | undefined,
): string {
  const where = at === undefined ? '' : ` at ${at.address}, port ${at.port}`;
  const filter =
    deniesAddresses === true
      ? ' The unit has IPAddressDeny=, with which systemd drops all packets but those of its IPAddressAllow=: allow localhost there.'
      : '';
  return (
    `${name} is active, but does not answer healthz${where}.${filter} The agent changes only a healthy kubelet. ` +
    'Nothing was changed; the agent retries.'
  );
}

/** Returns what the file system lacks for the change. */
export function shortageReason({ path, shortage }: ShortOfSpace): string {
  const { mount } = shortage;
  const after = 'Nothing was changed; the agent retries every 30 s.';
  switch (shortage.kind) {
    case 'read-only':
      return `Expected ${mount} to take writes (for ${path}), got a read-only file system. ${after}`;
    case 'inodes':
      return `Expected ${mount} to have a free inode (for ${path}), got none. ${after}`;
    case 'bytes': {
      const { needed, free } = shortage;
      return `Expected ${mount} to have ${kibibytes(needed)} free (for ${path}), got ${kibibytes(free)}. ${after}`;
    }
  }
}

/** Returns that another program takes the list out repeatedly, what it writes, and what its owner should write instead. */
export function rewrittenReason({
  taker,
  times,
  plan,
  node,
}: {
  /** The file, line and text that take the list out. */
  readonly taker: string;
  readonly times: number;
  readonly plan: Planned;
  readonly node: string;
}): string {
  const { variable } = plan;
  return (
    `Another program took the agent's ${variable === undefined ? 'list' : 'flag'} out ${times} times since the node's boot. ${taker}. ` +
    `The agent does not put it in again. ${variable === undefined ? dropInAdvice(plan) : lineAdvice(plan, variable)} The agent continues ` +
    `then, at the next boot, when the policy wants another list, or after kubectl sysctls retry ${node}.`
  );
}

const LONGEST_LINE = 600;

function dropInAdvice({ file, configured }: Planned): string {
  return `The owner of that program should leave ${file} alone, or list ${configured.after.join(', ')} in its own file.`;
}

function lineAdvice({ words }: Planned, variable: string): string {
  return (
    `The owner of that line should write ${lineText(words.after, variable)} in its place. A program that adds a line where it does not ` +
    `find its own must replace the variable's line (Ansible's lineinfile: regexp: '^${variable}=').`
  );
}

/** Returns the assignment of these words as a line of an environment file; only the flag when it would be long or hard to quote. */
function lineText(words: readonly string[], variable: string): string {
  const line = `${variable}='${words.join(' ')}'`;
  const isPlain = words.every((word) => /^[^\s'"\\]+$/u.test(word));
  return isPlain && line.length <= LONGEST_LINE
    ? line
    : `${words.filter((word) => word.startsWith(`--${ALLOWED_FLAG}`)).join(' ')} into ${variable}`;
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)} KiB`;
}

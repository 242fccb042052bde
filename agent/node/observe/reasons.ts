// The reasons of a node that cannot be observed.

import type { UnitStatus } from '../ports.ts';

/** Returns why systemd would not start the unit again, and the next step; undefined when it would. */
export function brokenUnitReason(status: UnitStatus): string | undefined {
  const { name, loadState, execStarts, mainPid } = status;
  const process = mainPid === 0 ? '' : ' Its old process still runs.';
  if (loadState === 'loaded') {
    return undefined;
  }
  if (loadState === 'masked') {
    return `${name} is masked. The agent changes nothing until it is unmasked: systemctl unmask ${name}.${process}`;
  }
  const [what, fix] =
    execStarts > 1
      ? [
          `has ${execStarts} ExecStart= in force`,
          'Begin the last drop-in that has one with an empty ExecStart=',
        ]
      : ['cannot be loaded', `Fix what systemctl status ${name} names`];
  return (
    `${name} ${what} (LoadState=${loadState}). systemd would not start the kubelet again.${process} ` +
    `The agent changes nothing until then. ${fix}, then run systemctl daemon-reload.`
  );
}

/** `message` names the file and what was found. */
export function notRegularReason(message: string): string {
  return `${message} The agent does not read or replace it; nothing was changed. Put a regular file in its place.`;
}

/** `what`: what ExecStart= starts, and what runs. */
export function otherProgramReason(name: string, what: string): string {
  return (
    `Expected ExecStart= of ${name} to start a kubelet, found ${what}. The agent runs no such program, and does not know what it ` +
    "makes of the kubelet's arguments. Let ExecStart= name the kubelet itself, or set the allowed unsafe sysctls where this node's " +
    'kubelet is configured.'
  );
}

/** `what`: the file that ExecStart= names. */
export function missingReason(name: string, what: string): string {
  return `Expected ExecStart= of ${name} to start a kubelet, found ${what}. Nothing was changed; the agent retries.`;
}

/** A paused or observing agent, and no kubelet that runs. */
export function unknownVersionReason(name: string): string {
  return (
    `${name} does not run. While it may change nothing, the agent runs no kubelet that does not run already, not even for its version. ` +
    'It says what it would change as soon as the kubelet runs.'
  );
}

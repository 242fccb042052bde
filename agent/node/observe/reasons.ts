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

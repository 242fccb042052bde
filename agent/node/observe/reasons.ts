// The reasons of a node that cannot be observed.

/** `runs`: a process of the unit still runs. */
export function maskedReason(name: string, runs: boolean): string {
  const process = runs ? ' Its old process still runs.' : '';
  return `${name} is masked. The agent changes nothing until it is unmasked: systemctl unmask ${name}.${process}`;
}

/** `message` names the file and what was found. */
export function notRegularReason(message: string): string {
  return `${message} The agent does not read or replace it; nothing was changed. Put a regular file in its place.`;
}

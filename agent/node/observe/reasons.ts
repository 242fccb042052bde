// Why a node cannot be observed, in words for a person.

/** `runs`: a process of it is still there. */
export function maskedReason(name: string, runs: boolean): string {
  const process = runs ? ' Its old process still runs.' : '';
  return `${name} is masked. The agent changes nothing until it is unmasked: systemctl unmask ${name}.${process}`;
}

/** Why a file that is no regular one keeps the node as it is. `message` says which, and what was found. */
export function notRegularReason(message: string): string {
  return `${message} The agent does not read or replace it; nothing was changed. Put a regular file in its place.`;
}

// Why a node cannot be observed, in words for a person.

/** `runs`: a process of it is still there. */
export function maskedReason(name: string, runs: boolean): string {
  const process = runs ? ' Its old process still runs.' : '';
  return `${name} is masked; left alone until somebody unmasks it (systemctl unmask ${name}).${process}`;
}

/** Why a file that is no regular one keeps the node as it is. `message` says which, and what was found. */
export function notRegularReason(message: string): string {
  return `${message} It is neither read nor replaced, and nothing was changed: put a regular file in its place.`;
}

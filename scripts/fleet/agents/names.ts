// The names of a fleet's nodes.

/** Returns the name of the node with this number, from 0. */
export function nodeName(index: number): string {
  return `node-${String(index + 1).padStart(5, '0')}`;
}

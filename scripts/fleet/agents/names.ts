// The names of a fleet's nodes.

/** Of the node with this number, from 0. */
export function nodeName(index: number): string {
  return `node-${String(index + 1).padStart(5, '0')}`;
}

// Reads keys and texts from parsed YAML, and describes nodes in messages.

import { isMap, isScalar, type Pair, type Scalar } from 'yaml';
import { printable, quote } from '../../text/quote.ts';

/** Returns the key of a pair as it is written; undefined when the key is a list or a map. */
export function keyOf(pair: Pair): string | undefined {
  const { key } = pair;
  if (!isScalar(key)) {
    return undefined;
  }
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}

/** Returns the text of a string scalar; undefined for any other node, also for a number. */
export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

/** True for an absent node and for null. */
export function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** Returns a short description of the node, for the "got …" of a message. */
export function describe(node: unknown): string {
  if (isNothing(node)) {
    return 'nothing';
  }
  if (isScalar(node)) {
    return typeof node.value === 'string' ? quote(node.value) : `the ${typeof node.value} ${source(node)}`;
  }
  return isMap(node) ? (node.items.length === 0 ? 'an empty map' : 'a map') : 'a list';
}

/** Returns how to turn a node into text: the fix of a message, without capital and full stop. */
export function asText(node: unknown): string {
  return isScalar(node) && typeof node.value !== 'string' && !isNothing(node)
    ? `put it in quotes: '${source(node)}'`
    : 'write it out as text';
}

function source(scalar: Scalar): string {
  return printable(scalar.source ?? '');
}

// Nodes of parsed YAML, in our words.

import { isMap, isScalar, type Pair, type Scalar } from 'yaml';
import { printable, quote } from '../../text/quote.ts';

/** The key of a pair as it is written; undefined when the key is a list or a map. */
export function keyOf(pair: Pair): string | undefined {
  const { key } = pair;
  if (!isScalar(key)) {
    return undefined;
  }
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}

/** The text of a scalar; undefined for anything else, a number too. */
export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

/** True for a node that is not there, or null. */
export function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** The node in a few words, for a message that says what was found. */
export function describe(node: unknown): string {
  if (isNothing(node)) {
    return 'nothing';
  }
  if (isScalar(node)) {
    return typeof node.value === 'string' ? quote(node.value) : `the ${typeof node.value} ${source(node)}`;
  }
  return isMap(node) ? (node.items.length === 0 ? 'an empty map' : 'a map') : 'a list';
}

/** How to make a node the text it ought to be. */
export function asText(node: unknown): string {
  return isScalar(node) && typeof node.value !== 'string' && !isNothing(node)
    ? `put it in quotes: '${source(node)}'`
    : 'write it out as text';
}

function source(scalar: Scalar): string {
  return printable(scalar.source ?? '');
}

// Selectors of profiles as text: how agent and coordinator name the profiles that count on a node.

type Pairs = Readonly<Record<string, string>>;

// Neither a label's key nor its value contains these.
const AND = ',';
const BETWEEN = '; ';

/** Returns the pairs in the order of their keys: `pool=db,zone=a`. */
export function selectorText(nodeSelector: Pairs): string {
  return pairsOf(nodeSelector).toSorted().join(AND);
}

/** Returns `key=value` for each label. */
export function pairsOf(labels: Pairs): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

/** Returns the pairs of a selector's text. */
export function pairsIn(selector: string): readonly string[] {
  return selector === '' ? [] : selector.split(AND);
}

/** True when the labels carry every pair of the selector's text. */
export function carries(labels: Pairs, selector: string): boolean {
  const carried = new Set(pairsOf(labels));
  return pairsIn(selector).every((pair) => carried.has(pair));
}

/** Returns the text of the annotation `profiles`. */
export function printSelectors(selectors: readonly string[]): string {
  return selectors.join(BETWEEN);
}

/** Returns the selectors of the annotation `profiles`, without one that was cut. */
export function parseSelectors(text: string | undefined): ReadonlySet<string> {
  const selectors = text === undefined ? [] : text.split(BETWEEN);
  return new Set(selectors.filter((selector) => !selector.endsWith('…')));
}

// Reads PromQL with the parser of Prometheus' own editor.

import { parser } from '@prometheus-io/lezer-promql';

/** A selector of series in an expression. */
export interface Selector {
  readonly metric: string;
  /** The labels that it matches, and the values that they are compared with. */
  readonly matches: readonly { readonly label: string; readonly values: readonly string[] }[];
}

/** Returns the selectors in an expression, in their order. Throws when it is not PromQL. */
export function selectorsIn(expr: string): readonly Selector[] {
  const selectors: { metric: string; matches: { label: string; values: string[] }[] }[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      const text = expr.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`Expected PromQL, found ${text} at ${node.from} of ${expr}`);
      const last = selectors.at(-1);
      if (node.name === 'VectorSelector') selectors.push({ metric: '', matches: [] });
      if (node.name === 'Identifier' && last !== undefined) last.metric = text;
      if (!node.matchContext(['UnquotedLabelMatcher'])) return;
      // A name in an aggregation is a label of its result, not of a selector.
      if (node.name === 'LabelName') last?.matches.push({ label: text, values: [] });
      if (node.name === 'StringLiteral') last?.matches.at(-1)?.values.push(...text.slice(1, -1).split('|'));
    },
  });
  return selectors;
}

// YAML of other people's, read with nothing clever in it: no aliases, no tags of one's own, no key given twice.

import { Composer, isNode, isPair, isScalar, LineCounter, type ParsedNode, type Document, visit } from 'yaml';
import { printable, quote } from '../../text/quote.ts';
import { keyOf } from './yaml-nodes.ts';
import { readTokens } from './yaml-tokens.ts';

/** The parser's messages are short, but may quote the whole text. */
const LONGEST_MESSAGE = 200;

export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface YamlText {
  /** The top node of every document that is not empty. */
  readonly roots: readonly ParsedNode[];
  /** When there are any, the nodes are not to be trusted. */
  readonly problems: readonly YamlProblem[];
  /** The line, from 1, on which a node or a pair's key begins. */
  lineOf(node: unknown): number;
}

type LineAt = (offset: number) => number;

/**
 * Parses YAML 1.2 into nodes. More tokens than that (words, signs, blanks) are a problem like any other: time and memory
 * are bounded by them, at up to 1.4 kB each, whatever the text says.
 */
export function parseYaml(text: string, mostTokens: number): YamlText {
  const lines = new LineCounter();
  const lineAt: LineAt = (offset) => Math.max(1, lines.linePos(offset).line);
  const lineOf = (node: unknown): number => lineAt(offsetOf(node));
  const read = readTokens(text, mostTokens, lines.addNewLine);
  if (read.kind === 'refused') {
    const problem = { line: lineAt(read.offset), message: sentence(read.message) };
    return { roots: [], problems: [problem], lineOf };
  }
  // uniqueKeys would compare every key with every other one.
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
  const documents: readonly Document.Parsed[] = [...composer.compose(read.tokens)];
  const broken = documents.flatMap((document) => faults(document, lineAt));
  return {
    roots: documents.flatMap(({ contents }) => (isEmpty(contents) ? [] : [contents])),
    problems: broken.length > 0 ? broken : documents.flatMap((document) => cleverness(document, lineOf)),
    lineOf,
  };
}

function faults(document: Document.Parsed, lineAt: LineAt): readonly YamlProblem[] {
  return [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineAt(pos[0]),
    message: sentence(message),
  }));
}

function sentence(message: string): string {
  const shown = printable(message, LONGEST_MESSAGE);
  return shown.endsWith('.') ? shown : `${shown}.`;
}

function cleverness(document: Document.Parsed, lineOf: (node: unknown) => number): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      problems.push({
        line: lineOf(alias),
        message: `Expected plain YAML, got the alias *${printable(alias.source)}; write the value out.`,
      });
    },
    Map(_, map) {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key = keyOf(pair);
        if (key === undefined || seen.has(key)) {
          const found = key === undefined ? 'one that is a list or a map' : `${quote(key)} twice`;
          problems.push({
            line: lineOf(pair),
            message: `Expected each key to be text and given once, got ${found}; keep one.`,
          });
        }
        seen.add(key ?? '');
      }
    },
  });
  return problems;
}

function offsetOf(node: unknown): number {
  const placed = isPair(node) ? node.key : node;
  return isNode(placed) ? (placed.range?.[0] ?? 0) : 0;
}

function isEmpty(node: ParsedNode | null): node is null {
  return node === null || (isScalar(node) && node.value === null);
}

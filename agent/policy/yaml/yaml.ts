// Parses YAML that users write, without aliases, custom tags and duplicate keys.

import { Composer, isNode, isPair, isScalar, LineCounter, type ParsedNode, type Document, visit } from 'yaml';
import { printable, quote } from '../../text/quote.ts';
import { keyOf } from './yaml-nodes.ts';
import { parserMessage, readTokens } from './yaml-tokens.ts';

export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface YamlText {
  /** The top node of every document that is not empty. */
  readonly roots: readonly ParsedNode[];
  /** When there are any, do not use the nodes. */
  readonly problems: readonly YamlProblem[];
  /** The line, from 1, on which a node or a pair's key begins. */
  lineOf(node: unknown): number;
}

type LineAt = (offset: number) => number;

/**
 * Parses YAML 1.2 into nodes. More than `mostTokens` tokens (words, signs, blanks) are a problem too, which bounds time
 * and memory: up to 1.4 kB a token, whatever the text.
 */
export function parseYaml(text: string, mostTokens: number): YamlText {
  const lines = new LineCounter();
  const lineAt: LineAt = (offset) => Math.max(1, lines.linePos(offset).line);
  const lineOf = (node: unknown): number => lineAt(offsetOf(node));
  const read = readTokens(text, mostTokens, lines.addNewLine);
  if (read.kind === 'refused') {
    const problem = { line: lineAt(read.offset), message: read.message };
    return { roots: [], problems: [problem], lineOf };
  }
  // uniqueKeys would compare every key with every other one.
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
  const documents: readonly Document.Parsed[] = [...composer.compose(read.tokens)];
  const broken = documents.flatMap((document) => parserProblems(document, lineAt));
  return {
    roots: documents.flatMap(({ contents }) => (isEmpty(contents) ? [] : [contents])),
    problems: broken.length > 0 ? broken : documents.flatMap((document) => forbiddenSyntax(document, lineOf)),
    lineOf,
  };
}

function parserProblems(document: Document.Parsed, lineAt: LineAt): readonly YamlProblem[] {
  return [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineAt(pos[0]),
    message: parserMessage(message),
  }));
}

/** Aliases, duplicate keys and keys that are not text. */
function forbiddenSyntax(
  document: Document.Parsed,
  lineOf: (node: unknown) => number,
): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      problems.push({
        line: lineOf(alias),
        message: `Expected plain YAML, got the alias *${printable(alias.source)}. Write the value out.`,
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
            message: `Expected each key to be text and given once, got ${found}. Write each key once, as text.`,
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

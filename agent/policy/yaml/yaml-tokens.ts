// The tokens of a YAML text, as long as there are few of them and they are not nested deep: what is built from them
// takes a hundred times the memory of the text.

import { type CST, Lexer, Parser } from 'yaml';

/** A list of maps that hold maps and lists takes five; both the parser and what reads its nodes recurse. */
const DEEPEST = 50;

export type YamlTokens =
  | { readonly kind: 'tokens'; readonly tokens: readonly CST.Token[] }
  | { readonly kind: 'refused'; readonly offset: number; readonly message: string };

/** Stops at the first token that is one too many, too deep, or at no place where YAML has one. */
export function readTokens(
  text: string,
  mostTokens: number,
  onNewLine: (offset: number) => void,
): YamlTokens {
  const parser = new Parser(onNewLine);
  const tokens: CST.Token[] = [];
  let count = 0;
  onNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') return { kind: 'refused', offset: token.offset, message: token.message };
      tokens.push(token);
    }
    count += 1 + escapesIn(lexeme);
    if (count > mostTokens) {
      const message = `Expected at most ${mostTokens} words and signs of YAML, got more; shorten the text.`;
      return { kind: 'refused', offset: parser.offset, message };
    }
    if (parser.stack.length > DEEPEST) {
      const message =
        'Expected a few levels of YAML, got more than can be read; look for brackets without end.';
      return { kind: 'refused', offset: parser.offset, message };
    }
  }
  tokens.push(...parser.end());
  return { kind: 'tokens', tokens };
}

// Each escape that YAML does not know is an error of its own.
function escapesIn(lexeme: string): number {
  return lexeme.startsWith('"') ? lexeme.split('\\').length - 1 : 0;
}

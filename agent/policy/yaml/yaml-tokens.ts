// Reads the tokens of a YAML text with limits on their number and depth: the nodes built from them take a hundred times
// the memory of the text.

import { type CST, Lexer, Parser } from 'yaml';
import { printable } from '../../text/quote.ts';

/** A list of maps that hold maps and lists takes five levels. The parser and the readers of its nodes recurse. */
const DEEPEST = 50;

export type YamlTokens =
  | { readonly kind: 'tokens'; readonly tokens: readonly CST.Token[] }
  | { readonly kind: 'refused'; readonly offset: number; readonly message: string };

/** Returns all tokens, or `refused` at the first one that exceeds a limit or that YAML does not allow there. */
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
      if (token.type === 'error') {
        return { kind: 'refused', offset: token.offset, message: parserMessage(token.message) };
      }
      tokens.push(token);
    }
    count += 1 + escapesIn(lexeme);
    if (count > mostTokens) {
      const message = `Expected at most ${mostTokens} words and signs of YAML, got more. Shorten the text.`;
      return { kind: 'refused', offset: parser.offset, message };
    }
    if (parser.stack.length > DEEPEST) {
      const message = `Expected at most ${DEEPEST} levels of YAML, got more. Close every open bracket.`;
      return { kind: 'refused', offset: parser.offset, message };
    }
  }
  tokens.push(...parser.end());
  return { kind: 'tokens', tokens };
}

/** The parser's messages are short, but may quote the whole text. */
const LONGEST_MESSAGE = 200;

/** Returns the message for an error that the YAML parser reports. */
export function parserMessage(reported: string): string {
  return `Expected plain YAML, got: ${printable(reported, LONGEST_MESSAGE).replace(/\.$/u, '')}. Correct it at this line.`;
}

// Each escape that YAML does not know becomes an error, so it counts as a token.
function escapesIn(lexeme: string): number {
  return lexeme.startsWith('"') ? lexeme.split('\\').length - 1 : 0;
}

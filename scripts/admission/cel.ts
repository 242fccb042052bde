// Writes parts of CEL expressions (Kubernetes 1.30's library): literals, regular expressions, and texts with values in them.

/** What String.prototype.trim and `\s` take for white space, inside a class of RE2. */
const SPACE = String.raw`\s\v\p{Z}\x{FEFF}`;
/** One white-space character, and any number. */
export const BLANK = `[${SPACE}]`;
export const BLANKS = `${BLANK}*`;

// Left out: what quote() escapes, what has two UTF-16 units, and the one sign whose lower case is ASCII (kelvin).
const SHOWN = String.raw`^(?:[^\p{C}\p{Z}\x{212A}\x{10000}-\x{10FFFF}]|[ \t])*$`;
/** As quote() cuts. */
const LONGEST_QUOTE = 80;
const NOT_SHOWN = 'text with a character that cannot be shown';

/** Returns a string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`;
}

/** Returns a list literal of strings. */
export function listOf(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`;
}

/** Returns a map literal of strings to expressions. */
export function mapOf(entries: Readonly<Record<string, string>>): string {
  return `{${Object.entries(entries)
    .map(([key, expression]) => `${literal(key)}: ${expression}`)
    .join(', ')}}`;
}

/** Returns a literal of a regular expression in RE2's syntax. */
export function pattern(source: string): string {
  return source.includes("'") ? literal(source) : `r'${source}'`;
}

/** Returns the source of a JavaScript expression in RE2's syntax, for expressions without lookaround and back references. */
export function re2({ source, ignoreCase }: RegExp): string {
  let isInClass = false;
  const translated = source.replaceAll(/\\.|[[\]]/gu, (token) => {
    if (token === '[') isInClass = true;
    else if (token === ']') isInClass = false;
    else if (token === String.raw`\s`) return isInClass ? SPACE : BLANK;
    else if (token === String.raw`\/`) return '/';
    return token;
  });
  return ignoreCase ? `(?i)${translated}` : translated;
}

/** Returns the source of an expression that must match the whole text, without its anchors. */
export function body(expression: RegExp): string {
  return re2(expression).replace(/^\^/u, '').replace(/\$$/u, '');
}

/** A place in a text for the value of an expression; see `said`. */
export function hole(index: number): string {
  return `⟦${index}⟧`;
}

/** Returns an expression for a text: `hole(0)` in it stands for the value of the first expression, and so on. */
export function said(text: string, ...expressions: readonly string[]): string {
  return text
    .split(/⟦(\d)⟧/u)
    .map((part, index) => (index % 2 === 0 ? part && literal(part) : (expressions[Number(part)] ?? '')))
    .filter((part) => part !== '')
    .join(' + ');
}

/** Returns an expression for the text as String.prototype.trim leaves it: CEL's trim() knows another white space. */
export function trimmed(text: string): string {
  return `${text}.find(${pattern(`(?s)[^${SPACE}](?:.*[^${SPACE}])?`)})`;
}

/**
 * Returns an expression that quotes the text as quote() does. A text with a character that quote() escapes is not shown: CEL
 * cannot escape it, and it must not reach a terminal.
 */
export function quoted(text: string): string {
  const cut = `${text}.substring(0, ${LONGEST_QUOTE}) + '… (' + string(${text}.size()) + ' characters)'`;
  const shown = `(${text}.size() > ${LONGEST_QUOTE} ? ${cut} : ${text})`;
  return `(${text}.matches(${pattern(SHOWN)}) ? '"' + ${shown}.replace('\\t', '\\\\t') + '"' : ${literal(NOT_SHOWN)})`;
}

/** Returns an expression that names this value in `then`. */
export function bind(name: string, value: string, then: string): string {
  return `[${value}].map(${name}, ${then})[0]`;
}

/** Returns an expression that tries each condition in turn; the last one is the value when none is true. */
export function firstOf(
  cases: readonly (readonly [condition: string, value: string])[],
  other: string,
): string {
  return `(${[...cases.map(([condition, value]) => `${condition} ?\n  ${value} :`), other].join('\n')})`;
}

/** Returns an expression for the messages about the first three items of a list. */
export function firstThree(items: string, name: string, message: string): string {
  return `[0, 1, 2].filter(i, i < ${items}.size()).map(i, ${items}[i]).map(${name}, ${message})`;
}

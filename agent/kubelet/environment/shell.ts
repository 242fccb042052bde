// What a POSIX shell assigns to a variable when it sources an environment file: scripts of other parties do that.

/**
 * Returns the variable's value after `. file`, empty when the file does not set it; undefined when the value depends on
 * an expansion. After a syntax error the value so far counts, as in bash; other shells end. Works on byte strings. Commands
 * have no effect here but export, readonly and unset (POSIX.1-2017, Shell Command Language, 2.2, 2.3 and 2.9.1).
 */
export function shellValue(text: string, key: string): string | undefined {
  let value: string | undefined = '';
  for (const words of commandsIn(text)) {
    for (const word of effective(words)) {
      if (word.name === key) value = word.value;
    }
  }
  return value;
}

interface ShellWord {
  /** Without quotes; undefined: an expansion. For an assignment the part behind the `=`. */
  readonly value: string | undefined;
  /** The variable, when the word has the form of an assignment. */
  readonly name: string | undefined;
  readonly to: number;
}

/** Returns the assignments by which a command changes the shell's variables. Shells differ over those before a builtin. */
function effective(words: readonly ShellWord[]): readonly ShellWord[] {
  const command = words.findIndex(({ name }) => name === undefined);
  if (command < 0) return words;
  const builtin = words[command]?.value;
  const rest = words.slice(command + 1);
  const before = words.slice(0, command).map((word) => ({ ...word, value: undefined }));
  if (builtin === 'export' || builtin === 'readonly') return [...before, ...rest];
  if (builtin !== 'unset') return builtin === 'set' ? before : [];
  return [...before, ...rest.map((word) => ({ ...word, name: word.value, value: '' }))];
}

/** Yields the words of each command until a syntax error. */
function* commandsIn(text: string): Generator<readonly ShellWord[]> {
  let words: ShellWord[] = [];
  for (let at = 0; at < text.length;) {
    const char = text.charAt(at);
    if (text.startsWith('\\\n', at) || text.slice(at) === '\\') at += 2;
    else if (char === '#') at = endOf(text, '\n', at);
    else if (char === '\n' || ';&|'.includes(char)) {
      if (char !== '\n' && words.length === 0) return;
      yield words;
      words = [];
      at += /^(?:&&|\|\|)/.test(text.slice(at, at + 2)) ? 2 : 1;
    } else if (' \t()<>'.includes(char)) at += 1;
    else {
      const word = readWord(text, at);
      if (word === undefined) return;
      words.push(word);
      at = word.to;
    }
  }
  yield words;
}

/** Returns the word; undefined when a quote is not closed. */
function readWord(text: string, from: number): ShellWord | undefined {
  const [assigned, name] = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(text.slice(from, from + LONGEST_NAME)) ?? [];
  const parts: (string | undefined)[] = [];
  let at = from + (assigned?.length ?? 0);
  while (at < text.length && !/[ \t\n;&|<>()]/.test(text.charAt(at))) {
    const part = readPart(text, at);
    if (part === undefined) return undefined;
    parts.push(...part.values);
    at = part.to;
  }
  return { name, value: parts.includes(undefined) ? undefined : parts.join(''), to: at };
}

const LONGEST_NAME = 256;

interface Part {
  readonly values: readonly (string | undefined)[];
  readonly to: number;
}

function readPart(text: string, at: number): Part | undefined {
  const char = text.charAt(at);
  if (char === "'") {
    const end = text.indexOf("'", at + 1);
    return end < 0 ? undefined : { values: [text.slice(at + 1, end)], to: end + 1 };
  }
  if (char === '"') return readDouble(text, at + 1);
  if (char === '\\') {
    const next = text.charAt(at + 1);
    return { values: [next === '\n' ? '' : next === '' ? '\\' : next], to: at + 2 };
  }
  return readExpansion(text, at) ?? { values: [char], to: at + 1 };
}

function readDouble(text: string, from: number): Part | undefined {
  const values: (string | undefined)[] = [];
  for (let at = from; at < text.length;) {
    const [char, next] = [text.charAt(at), text.charAt(at + 1)];
    const expansion = readExpansion(text, at);
    if (char === '"') return { values, to: at + 1 };
    if (expansion !== undefined) {
      values.push(...expansion.values);
      at = expansion.to;
    } else if (char === '\\' && next !== '' && '"\\`$\n'.includes(next)) {
      values.push(next === '\n' ? '' : next);
      at += 2;
    } else {
      values.push(char);
      at += 1;
    }
  }
  return undefined;
}

/** Returns the expansion that begins here, as an unknown value; undefined when the character is an ordinary one. */
function readExpansion(text: string, at: number): Part | undefined {
  const rest = text.slice(at, at + 2);
  if (rest === '$(') return { values: [undefined], to: endOf(text, ')', at) + 1 };
  if (rest === '${') return { values: [undefined], to: endOf(text, '}', at) + 1 };
  if (rest.startsWith('`')) return { values: [undefined], to: endOf(text, '`', at + 1) + 1 };
  return /^\$[A-Za-z0-9_@*#?$!-]/.test(rest) ? { values: [undefined], to: at + 2 } : undefined;
}

function endOf(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found;
}

// Queries systemd's own parser and word splitter in the machine's libsystemd-shared, through the C program beside this file.

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PATHS = [
  '/usr/lib/*/systemd/libsystemd-shared-*.so',
  '/usr/lib{,64}/systemd/libsystemd-shared-*.so',
  '/lib/systemd/libsystemd-shared-*.so',
];

export interface Library {
  readonly path: string;
  readonly version: number;
}

/** The machine's libsystemd-shared, or why it cannot be used and what to install. */
export function findLibrary(): Library | string {
  const [path] = globSync(PATHS);
  const version = Number(/-(\d+)[^/]*\.so$/.exec(path ?? '')?.[1]);
  if (path === undefined || Number.isNaN(version)) {
    return 'no libsystemd-shared on this machine: install systemd';
  }
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return { path, version };
  } catch {
    return 'no C compiler: apt-get install gcc libc6-dev';
  }
}

/** What systemd reads; strings are byte strings. */
export interface RealAnswer {
  readonly variables: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

/** One process of the program; it ends with `close`. */
export class RealSystemd {
  readonly #folder: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(folder: string, program: string, library: Library) {
    this.#folder = folder;
    this.#process = spawn(program, [library.path, String(library.version)], { stdio: 'pipe' });
    this.#process.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  static async start(library: Library): Promise<RealSystemd> {
    const folder = await mkdtemp(join(tmpdir(), 'real-systemd-'));
    const program = join(folder, 'real-systemd');
    const source = new URL('real-systemd.c', import.meta.url).pathname;
    execFileSync('cc', ['-O1', '-o', program, source, '-ldl'], { stdio: ['ignore', 'inherit', 'inherit'] });
    return new RealSystemd(folder, program, library);
  }

  /** The variables of a file and the words of an argv with them; undefined when systemd rejects the file. */
  async read(content: Uint8Array, argv: readonly string[]): Promise<RealAnswer | undefined> {
    const answer = await this.#ask(toHex(content), argv);
    if (answer === 'E') return undefined;
    const [entries = [], words = []] = answer.split(' ').map(fromHex);
    const pairs = entries.map((entry) => {
      const equals = entry.indexOf('=');
      return [entry.slice(0, equals), entry.slice(equals + 1)] as const;
    });
    return { variables: new Map(pairs), words };
  }

  /** An array of strings as systemctl show prints it; no string may hold a NUL. */
  async quote(strings: readonly string[]): Promise<string> {
    return fromHex(await this.#ask('QUOTE', strings)).join('');
  }

  async #ask(what: string, strings: readonly string[]): Promise<string> {
    const list = strings.map((text) => `${text}\0`).join('');
    this.#process.stdin.write(`${what} ${toHex(Buffer.from(list, 'latin1'))}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('Expected an answer from real-systemd, but it ended.');
    return answer.value;
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function toHex(bytes: Uint8Array): string {
  return bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex');
}

function fromHex(text: string): readonly string[] {
  return text === '-' ? [] : Buffer.from(text, 'hex').toString('latin1').split('\0').slice(0, -1);
}

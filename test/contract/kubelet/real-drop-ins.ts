// Runs the kubelet's walk through its --config-dir, in the Go program beside this file.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { goPlainProgram } from '../../../scripts/bed/build/go.ts';

const PATHS = v.array(v.string());

/** One process of the program, in a folder of its own; it ends with `close`. */
export class RealDropIns {
  readonly #folder: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#process = spawn(program, { stdio: 'pipe' });
    this.#process.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  static async start(): Promise<RealDropIns> {
    const folder = await mkdtemp(join(tmpdir(), 'kubelet-drop-ins-'));
    const program = join(folder, 'drop-ins');
    await goPlainProgram(new URL('drop-ins/main.go', import.meta.url).pathname, program);
    return new RealDropIns(folder, program);
  }

  /** The files that the kubelet reads, in its order. */
  async below(folder: string): Promise<readonly string[]> {
    this.#process.stdin.write(`${folder}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('Expected an answer from drop-ins, but it ended.');
    return v.parse(PATHS, JSON.parse(answer.value));
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

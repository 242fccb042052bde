// Queries the kubelet's own allowlist through the Go program beside this file.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { goProgram } from '../../../scripts/bed/build/go.ts';

const VERDICTS = v.object({ errors: v.array(v.string()) });
const ADMISSIONS = v.object({ admitted: v.array(v.boolean()), error: v.string() });
const SAFE = v.object({
  safe: v.array(v.object({ name: v.string(), kernel: v.string() })),
  here: v.array(v.string()),
});

/** One process of the program, built against one version of Kubernetes; it ends with `close`. */
export class RealAllowlist {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(program: string) {
    this.#process = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  static async start(kubernetesVersion: string): Promise<RealAllowlist> {
    const folder = new URL('allowlist', import.meta.url).pathname;
    return new RealAllowlist(await goProgram({ name: 'allowlist', folder, kubernetesVersion }, consoleLog()));
  }

  /** NewAllowlist's error for this pattern alone; empty when the pattern is valid. */
  async errorOf(pattern: string): Promise<string> {
    const { errors } = v.parse(VERDICTS, await this.#ask({ patterns: [pattern] }));
    return errors.join('');
  }

  /** For each sysctl, whether a pod that requests it alone is admitted with these allowances. */
  async admits(allowances: readonly string[], sysctls: readonly string[]): Promise<readonly boolean[]> {
    const { admitted, error } = v.parse(ADMISSIONS, await this.#ask({ allowances, sysctls }));
    if (error !== '') {
      throw new Error(`Expected allowances that the kubelet takes, got: ${error}`);
    }
    return admitted;
  }

  /** The safe sysctls: all with the oldest kernel (empty: any), and those that count on this machine's kernel. */
  async safe(): Promise<v.InferOutput<typeof SAFE>> {
    return v.parse(SAFE, await this.#ask({ safe: true }));
  }

  close(): void {
    this.#process.stdin.end();
  }

  async #ask(question: unknown): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) {
      throw new Error('Expected an answer from the allowlist program, but it ended.');
    }
    return JSON.parse(answer.value);
  }
}

// Queries the kubelet's own flag set through the Go program beside this file.

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { goProgram } from '../../../scripts/bed/build/go.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';

const PARSED = v.object({
  error: v.string(),
  stray: v.array(v.string()),
  changed: v.boolean(),
  allowed: v.array(v.string()),
  config: v.string(),
  configDir: v.string(),
  healthzPort: v.number(),
  healthzBindAddress: v.string(),
  hostnameOverride: v.string(),
});
const TABLE = v.object({
  noValue: v.array(v.string()),
  value: v.array(v.string()),
  shorthands: v.record(v.string(), v.string()),
});

/** One process of the program, built against one version of Kubernetes; it ends with `close`. */
export class RealFlags {
  readonly #program: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(program: string) {
    this.#program = program;
    this.#process = spawn(program, { stdio: 'pipe' });
    this.#process.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  static async start(kubernetesVersion: string): Promise<RealFlags> {
    const folder = new URL('flags', import.meta.url).pathname;
    return new RealFlags(await goProgram({ name: 'kubelet-flags', folder, kubernetesVersion }, consoleLog()));
  }

  /** The arguments as the kubelet parses them; `error` is empty when it accepts them. */
  async parse(args: readonly string[]): Promise<v.InferOutput<typeof PARSED>> {
    this.#process.stdin.write(`${JSON.stringify(args)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('Expected an answer from kubelet-flags, but it ended.');
    return v.parse(PARSED, JSON.parse(answer.value));
  }

  /** Every flag by whether it needs a value, and every shorthand. */
  table(): v.InferOutput<typeof TABLE> {
    return v.parse(TABLE, JSON.parse(execFileSync(this.#program, ['-table'], { encoding: 'utf8' })));
  }

  close(): void {
    this.#process.stdin.end();
  }
}

// Starts and controls the processes that run the agents.

import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AskTally,
  type FromAgents,
  type MakeNodes,
  type ReplaceAgents,
  sumOf,
  type Tally,
} from './messages.ts';

export interface Agents extends Disposable {
  /** Makes `count` nodes, spread equally over the processes; rejects with the error of a process that fails. */
  make(count: number, nodes: Pick<MakeNodes, 'place' | 'allowances'>): Promise<void>;
  /** Replaces each agent, `atATime` of them at a time, spread equally over the processes; rejects as `make`. */
  replace(atATime: number): Promise<void>;
  /** Returns the progress; `wanted` is the expected annotation `running`. */
  tally(wanted: string): Promise<Tally>;
}

const MAIN = join(import.meta.dirname, 'agents-main.ts');
/** Number of nodes made at a time, in all processes together: more would only wait for the API server. */
const PARALLEL = 24;

/** Starts the processes in `cgroups`, which are removed with the bed. */
export function startAgents(processes: number, cgroups: readonly string[]): Agents {
  const children = Array.from({ length: processes }, () => startChild(cgroups));
  return {
    async make(all, nodes) {
      const share = Math.ceil(all / processes);
      const parallel = Math.max(1, Math.floor(PARALLEL / processes));
      await Promise.all(
        children.map((child, at) => {
          const first = at * share;
          const count = Math.max(0, Math.min(share, all - first));
          // Every address of 127.0.0.0/8 is local.
          const localAddress = `127.0.1.${at + 1}`;
          return child.run({ ...nodes, kind: 'make', localAddress, first, count, parallel });
        }),
      );
    },
    async replace(atATime) {
      const parallel = Math.max(1, Math.floor(atATime / processes));
      await Promise.all(children.map((child) => child.run({ kind: 'replace', parallel })));
    },
    tally: async (wanted) => sumOf(await Promise.all(children.map((child) => child.tally(wanted)))),
    [Symbol.dispose]: () => children.forEach((child) => child.end()),
  };
}

interface Child {
  run(message: MakeNodes | ReplaceAgents): Promise<void>;
  tally(wanted: string): Promise<Tally>;
  end(): void;
}

function startChild(cgroups: readonly string[]): Child {
  const child = fork(MAIN, [], { env: { ...process.env, NODE_ENV: 'production' } });
  const ended = endOf(child);
  if (child.pid !== undefined)
    for (const folder of cgroups) writeFileSync(join(folder, 'cgroup.procs'), String(child.pid));
  let asked = 0;

  return {
    run: (message) =>
      Promise.race([
        ended,
        new Promise<void>((resolve, reject) => {
          const listener = (answer: FromAgents): void => {
            if (answer.kind === 'tally') return;
            child.off('message', listener);
            if (answer.kind === 'finished') resolve();
            else reject(new Error(answer.message));
          };
          child.on('message', listener);
          child.send(message);
        }),
      ]),
    tally: (wanted) =>
      Promise.race([
        ended,
        new Promise<Tally>((resolve) => {
          const question: AskTally = { kind: 'tally', id: (asked += 1), wanted };
          const listener = (answer: FromAgents): void => {
            if (answer.kind !== 'tally' || answer.id !== question.id) return;
            child.off('message', listener);
            resolve(answer.tally);
          };
          child.on('message', listener);
          child.send(question);
        }),
      ]),
    end: () => void child.kill('SIGKILL'),
  };
}

/** Rejects when the process exits. */
function endOf(child: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(
        new Error(`Expected the process of agents to keep running, but it exited with ${signal ?? code}.`),
      ),
    );
  });
  ended.catch(() => {});
  return ended;
}

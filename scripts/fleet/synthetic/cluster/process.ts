// Starts and asks the process of the synthetic cluster.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts } from './cluster.ts';
import type { FromCluster, ToCluster } from './messages.ts';

export interface ClusterProcess extends Disposable {
  readonly pid: number;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  facts(): Promise<Facts>;
  /** Ends the watch of the Nodes: the coordinator has to list. */
  expireNodes(): Promise<Facts>;
}

const MAIN = join(import.meta.dirname, 'main.ts');

/** Resolves when the server listens. The process is in `cgroups`, which are removed with the bed. */
export async function startCluster(
  start: Omit<Extract<ToCluster, { kind: 'start' }>, 'kind'>,
  cgroups: readonly string[],
): Promise<ClusterProcess> {
  const child = fork(MAIN, [], { env: { ...process.env, NODE_ENV: 'production' } });
  const { pid = 0 } = child;
  for (const folder of cgroups) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  const gone = once(child, 'exit').then((): never => {
    throw new Error('Expected the process of the synthetic cluster to keep running, but it exited.');
  });
  gone.catch(() => undefined);
  let last: Promise<unknown> = Promise.resolve();

  /** One question at a time. */
  function ask(message: ToCluster): Promise<FromCluster> {
    const answer = last.then(async () => {
      child.send(message);
      const [got]: FromCluster[] = await Promise.race([once(child, 'message'), gone]);
      if (got === undefined || got.kind === 'failed') throw new Error(got?.message ?? 'Expected an answer.');
      return got;
    });
    last = answer.catch(() => undefined);
    return answer;
  }

  async function factsAfter(message: ToCluster): Promise<Facts> {
    const got = await ask(message);
    if (got.kind !== 'facts') throw new Error(`Expected facts, got ${got.kind}.`);
    return got.facts;
  }

  const listening = await ask({ kind: 'start', ...start });
  if (listening.kind !== 'listening') throw new Error(`Expected a port, got ${listening.kind}.`);
  return {
    pid,
    server: `https://127.0.0.1:${listening.port}`,
    facts: () => factsAfter({ kind: 'facts' }),
    expireNodes: () => factsAfter({ kind: 'expire' }),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

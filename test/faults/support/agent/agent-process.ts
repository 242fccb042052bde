// The agent's process, as a test holds it.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../../../scripts/build.ts';
import { workFolder } from '../../../../scripts/bed/util/work-folder.ts';
import { nodeFlags } from '../../../../scripts/fleet/coordinator/dockerfile.ts';
import { AGENT_NAMESPACE } from '../../../../scripts/kubernetes/names.ts';
import type { AgentStats, FromAgent, ToAgent } from './agent-messages.ts';

export interface AgentProcess extends AsyncDisposable {
  /** A hand edit of a file of its host. */
  edit(path: string, content: string): void;
  stats(): Promise<AgentStats & { readonly anonymousBytes: number }>;
  /** The kubelet renews the token, or the authority. */
  writeCredential(file: 'token' | 'ca.crt', content: string): Promise<void>;
}

export interface AgentStart {
  readonly node: string;
  readonly port: number;
  readonly token: string;
  readonly ca: string;
  /** Leave out every pause. */
  readonly haste?: boolean;
  /** Its kubelet was restarted. */
  readonly onRestarted: () => void;
}

const MAIN = join(import.meta.dirname, 'agent-main.ts');
const STATS_MS = 10_000;

let program: Promise<Uint8Array> | undefined;

export async function startAgent(start: AgentStart): Promise<AgentProcess> {
  const work = await workFolder();
  const writeCredential = (file: string, content: string): Promise<void> =>
    writeFile(join(work.path, file), content);
  const main = join(work.path, 'agent.mjs');
  program ??= bundle(MAIN);
  await Promise.all([
    writeFile(main, await program),
    writeCredential('token', start.token),
    writeCredential('ca.crt', start.ca),
    writeCredential('namespace', AGENT_NAMESPACE),
  ]);
  const child = fork(main, [start.node, work.path, start.haste === true ? '1' : '0'], {
    execArgv: [...nodeFlags()],
    env: {
      NODE_ENV: 'production',
      MALLOC_ARENA_MAX: '1',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(start.port),
    },
  });
  const ended = once(child, 'exit');
  child.on('message', (message: FromAgent) => {
    if (message.kind === 'restarted') {
      start.onRestarted();
    }
  });
  const send = (message: ToAgent): void => void child.send(message);

  return {
    edit: (path, content) => send({ kind: 'edit', path, content }),
    writeCredential,
    async stats() {
      const answered = answerOf(child);
      send({ kind: 'stats' });
      const stats = await answered;
      return { ...stats, anonymousBytes: await anonymousBytes(child.pid) };
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await work[Symbol.asyncDispose]();
    },
  };
}

async function answerOf(child: ReturnType<typeof fork>): Promise<AgentStats> {
  const signal = AbortSignal.timeout(STATS_MS);
  for (;;) {
    const [message]: FromAgent[] = await once(child, 'message', { signal });
    if (message?.kind === 'stats') {
      return message;
    }
  }
}

async function anonymousBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s*(\d+) kB/mu.exec(status)?.[1]) * 1024;
}

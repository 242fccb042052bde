// Starts `kubectl sysctls dashboard` in a process of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PLUGIN = join(import.meta.dirname, '..', '..', 'agent', 'kubectl.ts');
const START_MS = 60_000;

export interface Dashboard extends AsyncDisposable {
  /** The address that it printed. */
  readonly url: string;
  readonly pid: number;
}

/** Starts this plugin, by default from source. Resolves once it has printed its address; rejects with what it printed when it ends before. */
export async function startDashboard(kubeconfig: string, plugin: string = PLUGIN): Promise<Dashboard> {
  const child = spawn(process.execPath, [plugin, '--kubeconfig', kubeconfig, 'dashboard'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let printed = '';
  const url = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const [, address] = /Dashboard: (http:\S+)\n/u.exec(printed) ?? [];
      if (address !== undefined) url.resolve(address);
    });
  }
  const timer = setTimeout(() => url.reject(new Error(`Expected an address, got: ${printed}`)), START_MS);
  void ended.then(() => url.reject(new Error(`The dashboard ended: ${printed}`)));
  try {
    return {
      url: await url.promise,
      pid: child.pid ?? 0,
      async [Symbol.asyncDispose]() {
        child.kill('SIGINT');
        await ended;
      },
    };
  } finally {
    clearTimeout(timer);
  }
}

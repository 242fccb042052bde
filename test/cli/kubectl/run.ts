// Runs the plugin in this process, since client-node alone takes seconds to load from node_modules.

import type { Output } from '../../../agent/cli/kubectl/context.ts';
import { runKubectlProgram } from '../../../agent/cli/kubectl/program.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** What it wrote so far. */
  readonly stdout: Recorder;
  readonly stderr: Recorder;
  /** As Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<Outcome>;
}

export interface Recorder extends Output {
  text(): string;
}

/** Runs the plugin without a terminal and only with this environment, so that no kubeconfig or proxy of the user applies. */
export function kubectlSysctls(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return started(args, { env }).ended;
}

/** Starts a command that continues until it is interrupted; `terminal` gives standard output a size. */
export function started(
  args: readonly string[],
  {
    env = {},
    terminal,
  }: { env?: Readonly<Record<string, string>>; terminal?: { columns: number; rows: number } } = {},
): Running {
  const [stdout, stderr] = [recorder(terminal), recorder()];
  const controller = new AbortController();
  const world = { stdout, stderr, env, interruption: () => controller.signal };
  const ended = runKubectlProgram(['node', 'kubectl-sysctls', ...args], world).then((status) => ({
    status,
    stdout: stdout.text(),
    stderr: stderr.text(),
  }));
  return { stdout, stderr, interrupt: () => controller.abort(), ended };
}

function recorder(terminal?: { readonly columns: number; readonly rows: number }): Recorder {
  const parts: string[] = [];
  return {
    write: (part) => parts.push(part),
    text: () => parts.join(''),
    ...(terminal && { isTTY: true, ...terminal }),
  };
}

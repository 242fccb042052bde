// The plugin as a person runs it, in this process: client-node alone takes seconds to load from node_modules.

import { runKubectlProgram, type Output } from '../../../agent/cli/kubectl/program.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it without a terminal, and with an environment of its own: no kubeconfig or proxy of whoever runs the tests. */
export async function kubectlSysctls(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const [stdout, stderr] = [recorder(), recorder()];
  const status = await runKubectlProgram(['node', 'kubectl-sysctls', ...args], { stdout, stderr, env });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

export function recorder(): Output & { text(): string } {
  const parts: string[] = [];
  return { write: (part) => parts.push(part), text: () => parts.join('') };
}

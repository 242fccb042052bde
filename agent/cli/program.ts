// The commands of kubelet-sysctls and their exit codes.

import { Command } from 'commander';
import { EXIT, exitCodeOf } from './exit.ts';

const LOADERS = {
  agent: async () => (await import('./daemon/agent.ts')).agentCommand(),
  coordinator: async () => (await import('./daemon/coordinator.ts')).coordinatorCommand(),
  validate: async () => (await import('./validate/validate.ts')).validateCommand(),
  plan: async () => (await import('./plan/plan.ts')).planCommand(),
  apply: async () => (await import('./apply/apply.ts')).applyCommand(),
} satisfies Record<string, () => Promise<Command>>;

/** Runs the command that argv names. Resolves to the exit code: 0 done, 1 failed or not valid, 2 wrong usage. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('kubelet-sysctls')
    .description("Set the unsafe sysctls that a cluster's kubelets allow, from one ConfigMap.")
    .exitOverride();
  for (const load of loadersFor(argv[2])) {
    program.addCommand((await load()).exitOverride());
  }
  try {
    await program.parseAsync([...argv]);
    return EXIT.ok;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
    return code ?? EXIT.no;
  }
}

/** The agent and the coordinator load no other command, since their memory must stay small. */
function loadersFor(command: string | undefined): readonly (() => Promise<Command>)[] {
  return command === 'agent' || command === 'coordinator' ? [LOADERS[command]] : Object.values(LOADERS);
}

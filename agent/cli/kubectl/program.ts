// The plugin's commands, the options that all of them have, and the one place where a failure is told.

import { Command, Option } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { colorsFor } from '../colors.ts';
import { EXIT, exitCodeOf } from '../exit.ts';
import { COMPLETE, completionCommand, printCompletion } from './commands/completion.ts';
import type { Program, World } from './context.ts';
import { failureText } from './errors.ts';
import { historyCommand } from './commands/history.ts';
import { seconds } from './options.ts';
import { planCommand } from './commands/plan.ts';
import { openSession, type GlobalFlags, type Session } from './session.ts';
import { statusCommand } from './commands/status.ts';
import { pauseCommand, resumeCommand, retryCommand } from './commands/pause-resume-retry.ts';
import { waitCommand } from './commands/wait.ts';
import { NAMESPACE } from '../../names.ts';

const COMMANDS: readonly ((program: Program) => Command)[] = [
  statusCommand,
  planCommand,
  pauseCommand,
  resumeCommand,
  retryCommand,
  waitCommand,
  historyCommand,
  completionCommand,
];
const EXAMPLES = `
Examples:
  kubectl sysctls status                      where the rollout stands
  kubectl sysctls status --watch              the same, live
  kubectl sysctls plan -f policy.yaml --diff  what an edit would do, before it is made
  kubectl sysctls wait --timeout 30m          in a pipeline: exit code 0 done, 3 halted, 4 time is up
  kubectl sysctls pause node-7                leave this node as it is
  kubectl sysctls retry node-7                try a failed change again now`;

/**
 * Runs `kubectl-sysctls` with these arguments (as in process.argv) and resolves to the exit code: 0 as asked, 1 no or not
 * possible, 2 wrong usage; `wait` has codes of its own. Whatever goes wrong is told in a sentence.
 */
export async function runKubectlProgram(argv: readonly string[], world: World): Promise<number> {
  const command = programCommand(world);
  let session: Session | undefined;
  const program: Program = {
    ...world,
    session: () => (session ??= openSession(command.opts<GlobalFlags>(), world.env)),
  };
  for (const build of COMMANDS) {
    command.addCommand(build(program).copyInheritedSettings(command));
  }
  try {
    // Words that are still being typed are not for commander to judge.
    if (argv[2] === COMPLETE) {
      await printCompletion(command, argv.slice(3), world);
      return EXIT.ok;
    }
    await command.parseAsync([...argv]);
    return EXIT.ok;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) {
      const title = colorsFor(world.stderr).red('error:');
      world.stderr.write(`${title} ${failureText(error, session?.place)}\n`);
    }
    return code ?? EXIT.no;
  }
}

function programCommand({ stdout, stderr }: World): Command {
  return new Command('kubectl-sysctls')
    .usage('[options] <command>')
    .description('Watch and steer which unsafe sysctls the kubelets of a cluster allow.')
    .option('--context <name>', "the kubeconfig's context")
    .option('--kubeconfig <file>', 'in place of KUBECONFIG and ~/.kube/config')
    .option('-n, --namespace <name>', 'where the agents are installed', NAMESPACE)
    .addOption(
      new Option(
        '--request-timeout <time>',
        'for one answer of the API server, such as 5s or 1m; 0: no limit',
      )
        .argParser(seconds)
        .default(30, '30s'),
    )
    .version(packageJson.version, '--version')
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .exitOverride();
}

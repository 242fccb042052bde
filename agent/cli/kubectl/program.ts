// The plugin's commands, their common options, and the one place that prints errors.

import { Command, CommanderError, Help, Option } from 'commander';
import { colorsFor } from '../colors.ts';
import { EXIT, Exit, exitCodeOf } from '../exit.ts';
import { COMPLETE, completionCommand, printCompletion } from './commands/completion.ts';
import type { Program, World } from './context.ts';
import { dashboardCommand } from './commands/dashboard.ts';
import { failureText } from './errors.ts';
import { historyCommand } from './commands/history.ts';
import { identities, identity, seconds } from './options.ts';
import { planCommand } from './commands/plan.ts';
import { openSession, type GlobalFlags, type Session } from './session.ts';
import { statusCommand } from './commands/status.ts';
import { pauseCommand, resumeCommand, retryCommand } from './commands/pause-resume-retry.ts';
import { reportCommand } from './commands/report.ts';
import { versionCommand } from './commands/version.ts';
import { waitCommand } from './commands/wait.ts';
import { whyCommand } from './commands/why.ts';
import { NAMESPACE } from '../../names.ts';
import { VERSION } from '../../text/version.ts';

const COMMANDS: readonly ((program: Program) => Command)[] = [
  statusCommand,
  planCommand,
  pauseCommand,
  resumeCommand,
  retryCommand,
  waitCommand,
  historyCommand,
  whyCommand,
  dashboardCommand,
  versionCommand,
  reportCommand,
  completionCommand,
];
const EXAMPLES = `
Examples:
  kubectl sysctls status                      show the rollout
  kubectl sysctls status --watch              follow the rollout live
  kubectl sysctls dashboard                   show it as a page in the browser
  kubectl sysctls plan -f policy.yaml --diff  show what an edit would change, before you apply it
  kubectl sysctls wait --timeout 30m          in a pipeline: exit code 0 done, 3 halted, 4 timeout
  kubectl sysctls pause node-7 node-8         start no change on these nodes
  kubectl sysctls retry -l pool=blue          retry the failed changes of these nodes now
  kubectl sysctls why deployment/web -n shop  say why its pods do not start, and what would allow them`;

/**
 * Runs `kubectl-sysctls` with these arguments (as in process.argv). Resolves to the exit code: 0 done, 1 failed or not valid,
 * 2 wrong usage; `wait` adds 3 and 4. Prints every failure as one line on standard error.
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
    // commander would reject words that are still being typed.
    if (argv[2] === COMPLETE) {
      await printCompletion(command, argv.slice(3), world);
      return EXIT.ok;
    }
    await command.parseAsync([...argv]);
    return EXIT.ok;
  } catch (error) {
    const code = exitCodeOf(error);
    const failure: unknown = error instanceof Exit ? error.cause : error;
    if (failure !== undefined && !(error instanceof CommanderError)) {
      const title = colorsFor(world.stderr).red('error:');
      world.stderr.write(`${title} ${failureText(failure, session?.place)}\n`);
    }
    return code ?? EXIT.no;
  }
}

/** How people call it, whatever the file is called that kubectl found. */
const NAME = 'kubectl sysctls';
const HELP_WIDTH = 100;

/** An option of a command's own hides the program's of the same name. */
function visibleGlobalOptions(this: Help, command: Command): Option[] {
  const own = new Set(command.options.map(({ long }) => long));
  const all = Help.prototype.visibleGlobalOptions.call(this, command);
  return all.filter(({ long }) => !own.has(long) && long !== '--version');
}

function programCommand({ stdout, stderr }: World): Command {
  return new Command(NAME)
    .usage('[options] <command>')
    .description("Watch and control the rollout of unsafe sysctls to a cluster's kubelets.")
    .option('--context <name>', 'the kubeconfig context to use')
    .option('--kubeconfig <file>', 'the kubeconfig file to use instead of KUBECONFIG and ~/.kube/config')
    .option('-n, --namespace <name>', 'the namespace of the agents; for why that of the pod', NAMESPACE)
    .addOption(
      new Option(
        '--request-timeout <time>',
        'how long to wait for one answer of the API server, such as 5s or 1m; 0: no limit',
      )
        .argParser(seconds)
        .default(30, '30s'),
    )
    .addOption(new Option('--as <user>', 'the user as which every request is made').argParser(identity))
    .addOption(
      new Option(
        '--as-group <group>',
        'with --as: a group of that user; may be given several times',
      ).argParser(identities),
    )
    .hook('preAction', (_program, command) => {
      const { as, asGroup } = command.optsWithGlobals<GlobalFlags>();
      if (as === undefined && asGroup !== undefined) {
        command.error('error: Expected --as with --as-group, got --as-group alone.', {
          exitCode: EXIT.usage,
        });
      }
    })
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions })
    .version(VERSION, '--version')
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      getOutHelpWidth: () => stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => stderr.columns ?? HELP_WIDTH,
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .exitOverride();
}

// Shared by the developers' commands: command line, help, usage, interruption and exit codes.

import { errorText } from '../../agent/text/error-text.ts';
import { consoleLog, type Log } from '../bed/util/progress.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

export type Command<Options> =
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string }
  | { readonly kind: 'run'; readonly options: Options };

/** Returns the parsed command line: `read` returns the options, undefined for help, and throws for wrong usage. */
export function commandOf<Options>(read: () => Options | undefined): Command<Options> {
  try {
    const options = read();
    return options === undefined ? { kind: 'help' } : { kind: 'run', options };
  } catch (error) {
    return { kind: 'usage', message: errorText(error) };
  }
}

/** Returns the value of an option; throws when it is not a whole number from `least` to `most`. */
export function wholeNumber(
  option: string,
  text: string,
  { least, most = Number.MAX_SAFE_INTEGER }: { readonly least: number; readonly most?: number },
): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new Error(`Expected ${option} to be a whole number ${range}, got ${text}`);
}

/** Resolves with the exit code: 0 for help, 2 for wrong usage, otherwise that of `run`. */
export async function runCommand<Options>(
  command: Command<Options>,
  help: string,
  run: (options: Options) => Promise<number>,
): Promise<number> {
  if (command.kind === 'help') {
    process.stdout.write(help);
    return 0;
  }
  if (command.kind === 'usage') {
    process.stderr.write(`${command.message}\n\n${help}`);
    return WRONG_USAGE;
  }
  return run(command.options);
}

export interface Measuring<Options> {
  readonly help: string;
  /** Subject of the message after an interruption, such as `The cluster`. */
  readonly leaves: string;
  /** Resolves with the exit code. */
  readonly run: (options: Options, log: Log) => Promise<number>;
}

/** Like `runCommand`, for commands with their own cluster; resolves with 1 when `run` rejects. */
export async function measuring<Options>(
  command: Command<Options>,
  { help, leaves, run }: Measuring<Options>,
): Promise<number> {
  return runCommand(command, help, async (options) => {
    const log = consoleLog();
    endWhenInterrupted(() =>
      log.say(`Interrupted. ${leaves} is being removed in the background. To check: scripts/cluster status`),
    );
    try {
      return await run(options, log);
    } catch (error) {
      log.say(errorText(error));
      return FAILED;
    }
  });
}

/** Ends this process with 130 on SIGINT or SIGTERM, after `say`. */
export function endWhenInterrupted(say: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say();
      process.exit(INTERRUPTED);
    });
  }
}

// What the commands that measure on a cluster of their own have in common: help, usage, interruption, exit codes.

import { consoleLog, type Log } from '../test/bed/progress.ts';

const INTERRUPTED = 130;

export type Command<Options> =
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string }
  | { readonly kind: 'bench' | 'matrix'; readonly options: Options };

export interface Measuring<Options> {
  readonly help: string;
  /** What an interruption leaves to be removed, as in `The cluster`. */
  readonly leaves: string;
  /** Resolves with the exit code. */
  readonly run: (options: Options, log: Log) => Promise<number>;
}

/** Resolves with the exit code: 2 for wrong usage, 1 when `run` rejects. Ends the process when it is interrupted. */
export async function measuring<Options>(
  command: Command<Options>,
  { help, leaves, run }: Measuring<Options>,
): Promise<number> {
  if (command.kind === 'help') {
    process.stdout.write(help);
    return 0;
  }
  if (command.kind === 'usage') {
    process.stderr.write(`${command.message}\n\n${help}`);
    return 2;
  }
  const log = consoleLog();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.say(`Interrupted. ${leaves} is removed in the background; scripts/cluster status tells.`);
      process.exit(INTERRUPTED);
    });
  }
  try {
    return await run(command.options, log);
  } catch (error) {
    log.say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

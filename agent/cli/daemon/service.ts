// Options and the log that the agent and the coordinator share.

import { InvalidArgumentError, Option } from 'commander';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

/** The option `--config-map`, which CONFIG_MAP sets too. */
export function configMapOption(): Option {
  return new Option('--config-map <name>', "the name of the policy's ConfigMap in the pod's namespace")
    .env('CONFIG_MAP')
    .default('kubelet-sysctls');
}

/** The option `--log-level`, which LOG_LEVEL sets too. */
export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'the least severe level that is logged')
    .env('LOG_LEVEL')
    .choices(LOG_LEVELS)
    .default('info');
}

/** Returns the boolean of an option or its variable; throws an InvalidArgumentError for another text. */
export function parseBoolean(text: string): boolean {
  if (['true', '1'].includes(text)) return true;
  if (['false', '0', ''].includes(text)) return false;
  throw new InvalidArgumentError(`Expected true or false, got ${text}.`);
}

/** Returns a log of JSON lines on standard output; each line has the fields of `base`. */
export function serviceLog(level: string, base: Readonly<Record<string, string>> | null): Logger {
  // Synchronous, so that the last line is written before the process ends.
  return pino({ level, base, timestamp: stdTimeFunctions.isoTime }, destination({ dest: 1, sync: true }));
}

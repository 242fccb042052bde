// Options and the log that the agent and the coordinator share.

import { Option } from 'commander';
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

/** Returns a log of JSON lines on standard output; each line has the fields of `base`. */
export function serviceLog(level: string, base: Readonly<Record<string, string>> | null): Logger {
  // Synchronous, so that the last line is written before the process ends.
  return pino({ level, base, timestamp: stdTimeFunctions.isoTime }, destination({ dest: 1, sync: true }));
}

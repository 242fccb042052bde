// What the two commands that run in the cluster share: options, and the log on standard output.

import { Option } from 'commander';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

/** `--config-map`, which CONFIG_MAP sets too. */
export function configMapOption(): Option {
  return new Option('--config-map <name>', "the policy's ConfigMap, in the pod's namespace")
    .env('CONFIG_MAP')
    .default('kubelet-sysctls');
}

/** `--log-level`, which LOG_LEVEL sets too. */
export function logLevelOption(): Option {
  return new Option('--log-level <level>').env('LOG_LEVEL').choices(LOG_LEVELS).default('info');
}

/** A log of JSON lines, each of which has the fields of `base`. */
export function serviceLog(level: string, base: Readonly<Record<string, string>> | null): Logger {
  // A line is written before the call returns: what a process logs last must not be lost with it.
  return pino({ level, base, timestamp: stdTimeFunctions.isoTime }, destination({ dest: 1, sync: true }));
}

// The options of the coordinator's metrics.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseBoolean } from './service.ts';

export interface MetricsFlags {
  /** undefined: no metrics are served. */
  readonly metricsPort?: number;
  /** Folder of tls.crt and tls.key; undefined: plain HTTP. */
  readonly metricsTls?: string;
  /** Only with metricsTls. */
  readonly metricsAuth: boolean;
}

/** Adds them, each of which a variable of the environment sets too. The command refuses --metrics-auth without --metrics-tls. */
export function addMetricsOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--metrics-port <n>', 'serve /metrics on this port; without it no port is opened')
        .env('METRICS_PORT')
        .argParser(parsePort),
    )
    .addOption(
      new Option(
        '--metrics-tls <folder>',
        'serve /metrics over TLS with tls.crt and tls.key of this folder, which are read again when they change; without it over ' +
          'plain HTTP',
      )
        .env('METRICS_TLS')
        .argParser(parseFolder),
    )
    .addOption(
      new Option(
        '--metrics-auth [boolean]',
        'answer only a bearer token whose account may get /metrics, as the API server says; needs --metrics-tls',
      )
        .env('METRICS_AUTH')
        .preset('true')
        .default(false)
        .argParser(parseBoolean),
    )
    .hook('preAction', (_ancestor, acting) => refuseTokensInPlainText(acting));
}

function refuseTokensInPlainText(command: Command): void {
  const { metricsAuth, metricsTls } = command.opts<MetricsFlags>();
  if (metricsAuth && metricsTls === undefined) {
    command.error(
      'error: --metrics-auth needs --metrics-tls, got none. Over plain HTTP others could read the tokens. ' +
        'Name the folder of tls.crt and tls.key (METRICS_TLS), or leave --metrics-auth (METRICS_AUTH) out.',
    );
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/u.test(text) || port > 65_535) {
    throw new InvalidArgumentError(`Expected a port from 0 to 65535, got ${text}.`);
  }
  return port;
}

function parseFolder(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a folder, got nothing.');
  return text;
}

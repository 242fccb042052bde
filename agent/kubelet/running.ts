// What a kubelet that was started with some arguments does: what it allows, which files it reads, where it answers.

import {
  ConfigError,
  NO_CONFIG,
  readKubeletConfig,
  type ConfigSources,
  type KubeletConfig,
} from './config.ts';
import { allowedByFlags, lastValue, parseFlags } from './flags/flags.ts';

/** The list that the flags of this argv (the binary included) give; undefined when they give none. */
export function allowedInArgv(argv: readonly string[]): readonly string[] | undefined {
  return allowedByFlags(parseFlags(argv.slice(1)));
}

/**
 * The allowances of a kubelet with this argv (its first entry, the binary, included): those of the flag, or else those of
 * the config files. Config files that cannot be read count as saying nothing.
 */
export function runningAllowances(argv: readonly string[], config: ConfigSources): readonly string[] {
  return allowedInArgv(argv) ?? usableConfig(config).allowedUnsafeSysctls;
}

/** The paths that --config and --config-dir give; undefined when they are not given or empty. */
export function configPaths(argv: readonly string[]): {
  readonly config: string | undefined;
  readonly configDir: string | undefined;
} {
  const flags = parseFlags(argv.slice(1));
  return {
    config: lastValue(flags, 'config') || undefined,
    configDir: lastValue(flags, 'config-dir') || undefined,
  };
}

/** Where a kubelet with this argv answers /healthz; undefined when it is told not to (port 0). */
export function healthEndpoint(
  argv: readonly string[],
  config: ConfigSources,
): { readonly address: string; readonly port: number } | undefined {
  const flags = parseFlags(argv.slice(1));
  const fromConfig = usableConfig(config);
  const portFlag = lastValue(flags, 'healthz-port');
  const port = portFlag === undefined ? fromConfig.healthzPort : Number(portFlag);
  const address = lastValue(flags, 'healthz-bind-address') ?? fromConfig.healthzBindAddress;
  if (port === 0) return undefined;
  return { address: address || DEFAULT_ADDRESS, port: port ?? DEFAULT_PORT };
}

/** SetDefaults_KubeletConfiguration (pkg/kubelet/apis/config/v1beta1/defaults.go). */
const DEFAULT_ADDRESS = '127.0.0.1';
const DEFAULT_PORT = 10248;

function usableConfig(config: ConfigSources): KubeletConfig {
  try {
    return readKubeletConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return readKubeletConfig(NO_CONFIG);
    throw error;
  }
}

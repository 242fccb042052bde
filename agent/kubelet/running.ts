// What follows from the argv of a running kubelet: what it allows, which files it reads, where it serves /healthz.

import {
  ConfigError,
  NO_CONFIG,
  readKubeletConfig,
  type ConfigSources,
  type KubeletConfig,
} from './config.ts';
import { allowedByFlags, lastValue, parseFlags } from './flags/flags.ts';

/** Returns the list that the flags of this argv (the binary included) set; undefined when no flag sets it. */
export function allowedInArgv(argv: readonly string[]): readonly string[] | undefined {
  return allowedByFlags(parseFlags(argv.slice(1)));
}

/**
 * Returns the allowances of a kubelet with this argv (the binary included): those of the flag, or without a flag those of
 * the config files. Config files that cannot be read count as empty.
 */
export function runningAllowances(argv: readonly string[], config: ConfigSources): readonly string[] {
  return allowedInArgv(argv) ?? usableConfig(config).allowedUnsafeSysctls;
}

/** Returns the values of --config and --config-dir; undefined for a flag that is absent or empty. */
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

/** Returns where a kubelet with this argv serves /healthz; undefined when port 0 disables it. */
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

import { describe, expect, it } from 'vitest';
import { configPaths, healthEndpoint, runningAllowances } from '../../agent/kubelet/running.ts';
import { configFile, NO_CONFIG } from './units.ts';

const argv = (...args: string[]): readonly string[] => ['/usr/bin/kubelet', ...args];

describe('runningAllowances', () => {
  it('returns the list of the config files when no flag replaces it', () => {
    const config = configFile('[kernel.sem]');
    expect(runningAllowances(argv('--v=2'), config)).toEqual(['kernel.sem']);
    expect(runningAllowances(argv('--allowed-unsafe-sysctls=net.*'), config)).toEqual(['net.*']);
    expect(runningAllowances(argv('--allowed-unsafe-sysctls='), config)).toEqual([]);
  });

  it('treats config files that cannot be read as empty', () => {
    expect(runningAllowances(argv(), configFile('[}'))).toEqual([]);
  });
});

it('finds the config file and folder in the last --config and --config-dir', () => {
  expect(configPaths(argv('--config', '/a', '--config=/b', '--config-dir=/d'))).toEqual({
    config: '/b',
    configDir: '/d',
  });
  expect(configPaths(argv('--config='))).toEqual({ config: undefined, configDir: undefined });
});

describe('healthEndpoint', () => {
  const config = {
    config: { path: '/c', content: Buffer.from('healthzPort: 5\nhealthzBindAddress: ::1') },
    dropIns: [],
  };

  it.each([
    ['the default', argv(), NO_CONFIG, { address: '127.0.0.1', port: 10248 }],
    ['the config file’s', argv(), config, { address: '::1', port: 5 }],
    [
      'the flags’',
      argv('--healthz-port=7', '--healthz_bind_address=0.0.0.0'),
      config,
      { address: '0.0.0.0', port: 7 },
    ],
    ['none with port 0', argv('--healthz-port=0'), config, undefined],
  ])('returns %s', (_, args, sources, endpoint) => {
    expect(healthEndpoint(args, sources)).toEqual(endpoint);
  });
});

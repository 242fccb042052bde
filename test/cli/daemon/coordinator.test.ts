import { afterEach, describe, expect, it, vi } from 'vitest';
import { coordinatorCommand } from '../../../agent/cli/daemon/coordinator.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The flags that the coordinator would run with. */
function flagsOf(args: readonly string[]): unknown {
  let flags: unknown;
  coordinatorCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action((given: unknown) => {
      flags = given;
    })
    .parse([...args], { from: 'user' });
  return flags;
}

describe('the option --metrics-port', () => {
  it('the coordinator opens no port by default', () => {
    expect(flagsOf([])).not.toHaveProperty('metricsPort');
  });

  it('the coordinator takes the port from the option or from METRICS_PORT', () => {
    expect(flagsOf(['--metrics-port', '9000'])).toMatchObject({ metricsPort: 9000 });
    vi.stubEnv('METRICS_PORT', '8080');
    expect(flagsOf([])).toMatchObject({ metricsPort: 8080 });
  });

  it.each(['', 'http', '-1', '65536', '8080.5', '0x50'])('rejects the port "%s"', (port) => {
    expect(() => flagsOf([`--metrics-port=${port}`])).toThrow('Expected a port from 0 to 65535');
  });
});

describe('the options --metrics-tls and --metrics-auth', () => {
  it('the coordinator serves plain HTTP to everyone by default', () => {
    expect(flagsOf([])).toMatchObject({ metricsAuth: false });
    expect(flagsOf([])).not.toHaveProperty('metricsTls');
  });

  it('the coordinator takes both from the options or from METRICS_TLS and METRICS_AUTH', () => {
    const wanted = { metricsTls: '/tls', metricsAuth: true };
    expect(flagsOf(['--metrics-tls', '/tls', '--metrics-auth'])).toMatchObject(wanted);
    vi.stubEnv('METRICS_TLS', '/tls');
    vi.stubEnv('METRICS_AUTH', 'true');
    expect(flagsOf([])).toMatchObject(wanted);
    expect(flagsOf(['--metrics-auth=false'])).toMatchObject({ metricsTls: '/tls', metricsAuth: false });
  });

  it('the coordinator does not start with tokens over plain HTTP', () => {
    expect(() => flagsOf(['--metrics-auth'])).toThrow('--metrics-auth needs --metrics-tls, got none.');
    vi.stubEnv('METRICS_AUTH', '1');
    expect(() => flagsOf(['--metrics-port', '8080'])).toThrow('METRICS_TLS');
    vi.stubEnv('METRICS_TLS', '');
    expect(() => flagsOf([])).toThrow('Expected a folder, got nothing.');
  });

  it('rejects a METRICS_AUTH that is neither true nor false', () => {
    vi.stubEnv('METRICS_AUTH', 'yes');
    expect(() => flagsOf(['--metrics-tls', '/tls'])).toThrow('Expected true or false, got yes.');
  });
});

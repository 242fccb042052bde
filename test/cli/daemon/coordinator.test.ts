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

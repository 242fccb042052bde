import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../scripts/fleet/options.ts';

describe("the command line of the fleet's bench", () => {
  it('has the defaults of the policy', () => {
    const options = {
      nodes: [100, 1000, 5000],
      soakSeconds: 60,
      nodeSoakSeconds: 10,
      json: false,
      synthetic: undefined,
    };
    expect(parseCommand([])).toEqual({ kind: 'run', options });
  });

  it('accepts sizes, soaks and the format', () => {
    const args = ['--nodes', '20,40', '--soak-seconds=0', '--node-soak-seconds', '1', '--json'];
    const options = { nodes: [20, 40], soakSeconds: 0, nodeSoakSeconds: 1, json: true, synthetic: undefined };
    expect(parseCommand(args)).toEqual({ kind: 'run', options });
  });

  it('accepts the size of a fleet with a synthetic API server', () => {
    expect(parseCommand(['--synthetic', '65000'])).toMatchObject({ options: { synthetic: 65_000 } });
  });

  it.each([
    [['--synthetic', '9999']],
    [['--nodes', '1']],
    [['--nodes', '100,']],
    [['--nodes', '5001']],
    [['--soak-seconds', '-1']],
    [['--node-soak-seconds', '61']],
    [['--node-soak-seconds', 'ten']],
    [['--fast']],
    [['stray']],
  ])('refuses %j', (args) => {
    expect(parseCommand(args).kind).toBe('usage');
  });

  it('shows the help whatever else it contains', () => {
    expect(parseCommand(['--nodes', '0', '-h']).kind).toBe('help');
  });
});

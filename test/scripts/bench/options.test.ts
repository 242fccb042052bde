import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../scripts/bench/options.ts';

describe("the bench's command line", () => {
  it('needs no option', () => {
    const command = parseCommand([]);
    expect(command).toEqual({
      kind: 'run',
      options: { rounds: 10, idleSeconds: 240, output: 'markdown' },
    });
  });

  it('accepts rounds, the idle window and the format', () => {
    const command = parseCommand(['--rounds', '12', '--idle-seconds=60', '--output', 'json']);
    expect(command).toEqual({ kind: 'run', options: { rounds: 12, idleSeconds: 60, output: 'json' } });
  });

  it.each([
    [['--rounds', '0']],
    [['--rounds', '1.5']],
    [['--rounds', 'ten']],
    [['--idle-seconds', '59']],
    [['--output', 'yaml']],
    [['--fast']],
    [['stray']],
  ])('refuses %j', (args) => {
    expect(parseCommand(args).kind).toBe('usage');
  });

  it('shows the help whatever else it contains', () => {
    expect(parseCommand(['--rounds', '0', '-h']).kind).toBe('help');
  });
});

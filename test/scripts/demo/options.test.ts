import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../scripts/demo/options.ts';

describe('parseCommand', () => {
  it('selects a bed without options', () => {
    expect(parseCommand([])).toEqual({ kind: 'run', options: { on: 'bed', keep: false } });
    expect(parseCommand(['--keep'])).toEqual({ kind: 'run', options: { on: 'bed', keep: true } });
  });

  it("selects a user's cluster, by default with the tutorial's application", () => {
    const cluster = { context: 'kind', image: 'r.example/agent:1', appImage: 'ikubernetes/demoapp:v1.0' };
    const args = ['--context', 'kind', '--image', 'r.example/agent:1'];
    expect(parseCommand(args)).toEqual({ kind: 'run', options: { on: 'context', keep: false, cluster } });
    expect(parseCommand([...args, '--app-image=mine:2'])).toMatchObject({
      options: { cluster: { ...cluster, appImage: 'mine:2' } },
    });
  });

  it('shows the help whatever else it contains', () => {
    expect(parseCommand(['-h'])).toEqual({ kind: 'help' });
    expect(parseCommand(['--context', 'kind', '--help'])).toEqual({ kind: 'help' });
  });

  it.each([
    [['--context', 'kind']],
    [['--context', '', '--image', 'x']],
    [['--context']],
    [['--image', 'x']],
    [['--app-image', 'x']],
    [['--nodes', '3']],
    [['up']],
  ])('takes %j for wrong usage', (args) => {
    expect(parseCommand(args).kind).toBe('usage');
  });
});

import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../scripts/demo/options.ts';

describe('parseCommand', () => {
  it('plays on a bed without options', () => {
    expect(parseCommand([])).toEqual({ kind: 'run', options: { on: 'bed', keep: false } });
    expect(parseCommand(['--keep'])).toEqual({ kind: 'run', options: { on: 'bed', keep: true } });
  });

  it("plays on a user's cluster, with the tutorial's own application unless another is named", () => {
    const cluster = { context: 'kind', image: 'r.example/agent:1', appImage: 'ikubernetes/demoapp:v1.0' };
    const args = ['--context', 'kind', '--image', 'r.example/agent:1'];
    expect(parseCommand(args)).toEqual({ kind: 'run', options: { on: 'context', keep: false, cluster } });
    expect(parseCommand([...args, '--app-image=mine:2'])).toMatchObject({
      options: { cluster: { ...cluster, appImage: 'mine:2' } },
    });
  });

  it('helps when asked, whatever else is there', () => {
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

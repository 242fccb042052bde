import { describe, expect, it } from 'vitest';
import { KUBELET_VERSIONS } from '../../../scripts/bed/build/kubernetes.ts';
import { MACHINE_KINDS } from '../../../scripts/bed/node/layouts.ts';
import { HELP, parseCommand } from '../../../scripts/matrix/options.ts';

function versionsOf(...args: readonly string[]): readonly string[] {
  const command = parseCommand(args);
  if (command.kind !== 'run') throw new Error(`Expected a matrix, got ${JSON.stringify(command)}.`);
  return command.options.versions;
}

describe("the matrix's command line", () => {
  it('selects every listed version when it names none', () => {
    expect(parseCommand([])).toEqual({
      kind: 'run',
      options: { versions: KUBELET_VERSIONS, output: 'markdown', machine: 'container' },
    });
  });

  it('accepts --json before and after versions', () => {
    const options = { versions: ['1.33.13'], output: 'json', machine: 'container' };
    const wanted = { kind: 'run', options };
    expect(parseCommand(['1.33.13', '--json'])).toEqual(wanted);
    expect(parseCommand(['--json', '1.33.13'])).toEqual(wanted);
  });

  it('accepts either kind of machine, as scripts/cluster does', () => {
    for (const machine of MACHINE_KINDS) {
      expect(parseCommand(['1.33', '--machine', machine])).toMatchObject({
        kind: 'run',
        options: { versions: ['1.33.13'], machine },
      });
    }
    expect(parseCommand(['--machine', 'pod']).kind).toBe('usage');
  });

  it('accepts a minor version, a leading v, and a patch that is not listed', () => {
    expect(versionsOf('1.30', 'v1.37.2', '1.33.0')).toEqual(['1.30.14', '1.37.2', '1.33.0']);
  });

  it('runs each once, in the order they are named', () => {
    expect(versionsOf('1.37.2', '1.30', '1.37')).toEqual(['1.37.2', '1.30.14']);
  });

  it.each([[['1.29.6']], [['1.99']], [['2.0.0']], [['latest']], [['1.33.x']], [['--all']], [['1.30', '']]])(
    'refuses %j',
    (args) => {
      expect(parseCommand(args).kind).toBe('usage');
    },
  );

  it('shows the help and the versions whatever else it contains', () => {
    expect(parseCommand(['latest', '-h']).kind).toBe('help');
    for (const version of KUBELET_VERSIONS) expect(HELP).toContain(version);
  });
});

import { describe, expect, it } from 'vitest';
import { allowedByFlags, lastValue, parseFlags } from '../../../agent/kubelet/flags/flags.ts';

const allowed = (...args: string[]): readonly string[] | undefined => allowedByFlags(parseFlags(args));

describe('the list', () => {
  it.each([
    [[], undefined],
    [['--v=2'], undefined],
    [['--allowed-unsafe-sysctls='], []],
    [['--allowed-unsafe-sysctls=a,b'], ['a', 'b']],
    [['--allowed_unsafe-sysctls', 'a'], ['a']],
    [
      ['--allowed-unsafe-sysctls=a', '--v=2', '--allowed-unsafe-sysctls=b'],
      ['a', 'b'],
    ],
    [['--allowed-unsafe-sysctls', '--v=2'], ['--v=2']],
    [['--node-ip', '--allowed-unsafe-sysctls=a'], undefined],
    [['--rotate-certificates', '--allowed-unsafe-sysctls=a'], ['a']],
    [['-v', '--allowed-unsafe-sysctls=a'], undefined],
    [['--no-kubelet-we-know-has-this', '--allowed-unsafe-sysctls=a'], ['a']],
    [['--no-kubelet-we-know-has-this', 'value', '--allowed-unsafe-sysctls=a'], ['a']],
    [['stray', '--=', '--allowed-unsafe-sysctls=a'], ['a']],
  ])('given by the arguments %j is %j', (args, list) => {
    expect(allowed(...args)).toEqual(list);
  });
});

describe('a problem with which the kubelet does not start', () => {
  it.each([
    [['stray'], 'stray', 0],
    [['--v=2', '--', 'x'], 'stray', 2],
    [['--rotate-certificates', 'false'], 'stray', 1],
    [['-'], 'stray', 0],
    [[''], 'stray', 0],
    [['---x'], 'syntax', 0],
    [['--=x'], 'syntax', 0],
    [['-allowed-unsafe-sysctls=a'], 'shorthand', 0],
    [['--node-ip'], 'value-missing', 0],
    [['-v'], 'value-missing', 0],
    [['--allowed-unsafe-sysctls="a'], 'list', 0],
  ])('is found in the arguments %j: %s at word %i', (args, kind, at) => {
    expect(parseFlags(args).problem).toMatchObject({ kind, at });
  });

  it('is not found in a -- as the last word', () => {
    expect(parseFlags(['--v=2', '--'])).toMatchObject({ end: 1, problem: undefined });
  });
});

it('lets the last use of a flag win', () => {
  const flags = parseFlags(['--config=/a', '--config', '/b', '-v4']);
  expect([lastValue(flags, 'config'), lastValue(flags, 'v'), lastValue(flags, 'config-dir')]).toEqual([
    '/b',
    '4',
    undefined,
  ]);
});

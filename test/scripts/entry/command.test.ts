import { describe, expect, it } from 'vitest';
import { commandOf, wholeNumber } from '../../../scripts/entry/command.ts';

describe('commandOf', () => {
  it('returns the options, help when there are none, and the error of wrong usage', () => {
    expect(commandOf(() => ({ rounds: 3 }))).toEqual({ kind: 'run', options: { rounds: 3 } });
    expect(commandOf(() => undefined)).toEqual({ kind: 'help' });
    expect(commandOf(refused)).toEqual({ kind: 'usage', message: 'no such option' });
  });
});

describe('wholeNumber', () => {
  it('accepts both ends of its range', () => {
    expect(wholeNumber('--nodes', '2', { least: 2, most: 5 })).toBe(2);
    expect(wholeNumber('--nodes', '5', { least: 2, most: 5 })).toBe(5);
    expect(wholeNumber('--soak', '0', { least: 0 })).toBe(0);
  });

  it.each(['1', '6', '2.5', 'two', '', ' ', '-3'])('refuses %j from 2 to 5', (text) => {
    expect(() => wholeNumber('--nodes', text, { least: 2, most: 5 })).toThrow('from 2 to 5');
  });
});

function refused(): never {
  throw new Error('no such option');
}

import { describe, expect, it } from 'vitest';
import { policyErrorText } from '../../agent/report/policy-error.ts';

const error = (line: number): { key: string; line: number; message: string } => ({
  key: 'allowedUnsafeSysctls',
  line,
  message: `Expected ${line}.`,
});

describe('policyErrorText', () => {
  it('prints one line for each error, with its key and line', () => {
    expect(policyErrorText([error(2), { ...error(1), key: 'mode' }])).toBe(
      'allowedUnsafeSysctls, line 2: Expected 2.\nmode, line 1: Expected 1.',
    );
  });

  it('prints the message alone for an error of the ConfigMap as a whole', () => {
    expect(policyErrorText([{ key: '', line: 1, message: 'There is no ConfigMap.' }])).toBe(
      'There is no ConfigMap.',
    );
  });

  it('counts the errors that it does not print', () => {
    const text = policyErrorText([1, 2, 3, 4, 5, 6, 7].map(error));
    expect(text.split('\n').length).toBe(6);
    expect(text.endsWith('\nand 2 more')).toBe(true);
    expect(policyErrorText([1, 2, 3, 4, 5].map(error))).not.toContain('more');
  });

  it('returns an empty text for no errors', () => {
    expect(policyErrorText([])).toBe('');
  });
});

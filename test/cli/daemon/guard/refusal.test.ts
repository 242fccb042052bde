import { describe, expect, it } from 'vitest';
import { bearerToken, refusalOf } from '../../../../agent/cli/daemon/guard/refusal.ts';

describe('bearerToken', () => {
  it.each([
    ['Bearer abc.DEF-1_2~3+4/5==', 'abc.DEF-1_2~3+4/5=='],
    ['bearer abc', 'abc'],
    ['BEARER   abc  ', 'abc'],
  ])('takes the token of "%s"', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,Bearer b',
    'Bearer =',
    'Bearer a=b',
    'Bearer "a"',
    'Bearer a\n',
    ' Bearer a',
    'Bearera',
    'Basic YTpi',
    'Token abc',
  ])('finds no token in %j', (header) => {
    expect(bearerToken(header)).toBeUndefined();
  });

  it('needs no longer for a header that is made to cost time', () => {
    const began = performance.now();
    expect(bearerToken(`Bearer ${' '.repeat(50_000)}${'a='.repeat(50_000)}`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('refusalOf', () => {
  it('refuses all but what is allowed, each with its status and the next step', () => {
    expect(refusalOf('allowed')).toBeUndefined();
    expect(refusalOf('no token')).toMatchObject({
      status: 401,
      text: expect.stringContaining('Authorization: Bearer TOKEN'),
      headers: { 'www-authenticate': 'Bearer' },
    });
    expect(refusalOf('unknown')).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(refusalOf('forbidden')).toMatchObject({
      status: 403,
      text: expect.stringContaining("nonResourceURLs ['/metrics']"),
    });
    expect(refusalOf('not known')).toMatchObject({ status: 503, text: expect.stringContaining('log') });
  });
});

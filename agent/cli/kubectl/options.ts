// Parsers of option values, in kubectl's notation.

import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Returns the seconds of `90`, `90s` or `1m30s`. Throws commander's InvalidArgumentError for any other text. */
export function seconds(text: string): number {
  if (/^\d+$/u.test(text)) return Number(text);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new InvalidArgumentError('Expected a time such as 30s, 5m or 1h.');
  }
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0), 0);
}

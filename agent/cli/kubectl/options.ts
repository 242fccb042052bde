// Options that several commands have, and parsers of option values, in kubectl's notation.

import { InvalidArgumentError, Option } from 'commander';

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

/** Returns the text of a user or group. Throws commander's InvalidArgumentError for one that no HTTP header can carry. */
export function identity(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these end a header.
  if (text === '' || /[\u0000-\u001f\u007f]/u.test(text)) {
    throw new InvalidArgumentError('Expected a name without control characters.');
  }
  return text;
}

/** Collects the values of an option that may be given several times. */
export function identities(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, identity(text)];
}

/** The option `-o`; the first format is the default. */
export function outputOption(formats: readonly string[], what: string): Option {
  return new Option('-o, --output <format>', what).choices(formats).default(formats[0]);
}

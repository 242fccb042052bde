// The key `windows`: when changes may begin, one window a line.

import { closest } from '../text/closest.ts';
import { quote } from '../text/quote.ts';
import type { ErrorList } from './error-list.ts';
import type { Window } from './policy.ts';

const KEY = 'windows';
const EXAMPLE = 'Mon-Fri 22:00-04:00 Europe/Berlin';
// In the order of Date.getDay().
export const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

// The rules of each named zone take memory.
export const MOST_WINDOWS = 50;
export const LONGEST_WINDOWS = 16 * 1024;
/** The longest IANA name has 32 characters. */
export const LONGEST_ZONE = 64;

export const TIMES = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/u;
export const ZONE = /^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/u;
const MIDNIGHT = 24 * 60;

export const AS_EXAMPLE = `Write as in ${EXAMPLE}.`;

/** The messages about one window; `got` is what was found, in quotes. */
export const WINDOW_MESSAGES = {
  day: (got: string, fix: string): string =>
    `Expected days such as Mon-Fri or Sat,Sun (of ${DAYS.join(', ')}), got ${got}. ${fix}`,
  range: (got: string): string =>
    `Expected a range of two days, such as Mon-Fri, got ${got}. Separate single days by commas.`,
  times: (got: string): string =>
    `Expected start and end after the days, as 22:00-04:00 (00:00 to 24:00), got ${got}. ${AS_EXAMPLE}`,
  noZone: (after: string): string =>
    `Expected a time zone after ${after}, got none. Add one, such as UTC or Europe/Berlin.`,
  more: (got: string): string =>
    `Expected one window a line, such as ${EXAMPLE}, got ${got} after it. Write it on a line of its own, or after a #.`,
  zone: (got: string): string =>
    `Expected a time zone such as UTC or Europe/Berlin, got ${got}. Run 'timedatectl list-timezones' for all names.`,
} as const;

/**
 * Returns the windows: days, start and end, time zone. Skips blank lines and # comments. Adds what is wrong to `errors`,
 * with its line.
 */
export function readWindows(text: string, errors: ErrorList): readonly Window[] {
  if (text.length > LONGEST_WINDOWS) {
    errors.add(
      KEY,
      1,
      () =>
        `Expected ${KEY} to be at most ${LONGEST_WINDOWS} characters, comments included, got ${text.length}. Name fewer windows.`,
    );
    return [];
  }
  const lines = text.split('\n').flatMap((line, index) => {
    const [written = ''] = line.split('#', 1);
    return written.trim() === '' ? [] : [{ written: written.trim(), line: index + 1 }];
  });
  const [extra] = lines.slice(MOST_WINDOWS);
  if (extra !== undefined) {
    errors.add(
      KEY,
      extra.line,
      () =>
        `Expected at most ${MOST_WINDOWS} windows, got ${lines.length}. Write days together, as in ${EXAMPLE}.`,
    );
    return [];
  }
  return lines.flatMap(({ written, line }) => {
    const read = readWindow(written);
    if (typeof read !== 'string') {
      return [read];
    }
    errors.add(KEY, line, () => read);
    return [];
  });
}

/** Returns the window, or a message that says what is wrong with it. */
function readWindow(written: string): Window | string {
  const [dayText = '', timeText, timeZone, ...rest] = written.split(/\s+/u);
  const days = readDays(dayText);
  if (typeof days === 'string') {
    return days;
  }
  const times = timeText === undefined ? undefined : readTimes(timeText);
  if (times === undefined) {
    const got = timeText === undefined ? 'nothing' : quote(timeText);
    return WINDOW_MESSAGES.times(got);
  }
  if (timeZone === undefined) {
    return WINDOW_MESSAGES.noZone(quote(`${dayText} ${timeText}`));
  }
  if (rest.length > 0) {
    return WINDOW_MESSAGES.more(quote(rest.join(' ')));
  }
  return isTimeZone(timeZone) ? { days, ...times, timeZone } : WINDOW_MESSAGES.zone(quote(timeZone));
}

/** Returns the days sorted, or a message that says what is wrong with them. */
function readDays(text: string): readonly number[] | string {
  const days = new Set<number>();
  for (const item of text.split(',')) {
    const [first = '', last = first, ...rest] = item.split('-');
    for (const word of [first, last, ...rest]) {
      if (!DAYS.includes(word)) {
        const meant = closest(word.slice(0, 3), DAYS);
        return WINDOW_MESSAGES.day(quote(word), meant === undefined ? AS_EXAMPLE : `Did you mean ${meant}?`);
      }
    }
    if (rest.length > 0) {
      return WINDOW_MESSAGES.range(quote(item));
    }
    const from = DAYS.indexOf(first);
    const count = (DAYS.indexOf(last) - from + DAYS.length) % DAYS.length;
    for (let step = 0; step <= count; step += 1) {
      days.add((from + step) % DAYS.length);
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

function readTimes(text: string): Pick<Window, 'start' | 'end'> | undefined {
  const match = TIMES.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, startHour, startMinute, endHour = '24', endMinute = '0'] = match;
  const end = Number(endHour) * 60 + Number(endMinute);
  return {
    start: Number(startHour) * 60 + Number(startMinute),
    end: end === 0 ? MIDNIGHT : end,
  };
}

function isTimeZone(text: string): boolean {
  if (text.length > LONGEST_ZONE || !ZONE.test(text)) {
    return false;
  }
  try {
    // Throws a RangeError for an unknown zone.
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

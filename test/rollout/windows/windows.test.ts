import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorList } from '../../../agent/policy/error-list.ts';
import type { Window } from '../../../agent/policy/policy.ts';
import { readWindows } from '../../../agent/policy/windows.ts';
import { windowsAt } from '../../../agent/rollout/windows/windows.ts';
import { createZones } from '../../../agent/rollout/windows/zones.ts';

const MINUTE_MS = 60_000;
const zones = createZones();

describe('no windows', () => {
  it('is open at all times without windows', () => {
    const now = new Date('2026-03-29T01:00:00Z');
    expect(windowsAt([], now)).toEqual({ open: true, changesAt: undefined });
  });
});

describe('a window', () => {
  it.each([
    // 2026-11-24 is a Tuesday.
    ['Tue 10:00-12:00 UTC', '2026-11-24T09:59:59Z', false, '2026-11-24T10:00:00Z'],
    ['Tue 10:00-12:00 UTC', '2026-11-24T10:00:00Z', true, '2026-11-24T12:00:00Z'],
    ['Tue 10:00-12:00 UTC', '2026-11-24T11:59:59.999Z', true, '2026-11-24T12:00:00Z'],
    ['Tue 10:00-12:00 UTC', '2026-11-24T12:00:00Z', false, '2026-12-01T10:00:00Z'],
    // The day is the one on which the window starts.
    ['Fri 22:00-04:00 UTC', '2026-11-28T03:00:00Z', true, '2026-11-28T04:00:00Z'],
    ['Fri 22:00-04:00 UTC', '2026-11-27T03:00:00Z', false, '2026-11-27T22:00:00Z'],
    ['Sat 22:00-04:00 UTC', '2026-11-29T03:59:00Z', true, '2026-11-29T04:00:00Z'],
    // Adjacent and overlapping windows merge.
    [
      'Mon-Fri 22:00-24:00 UTC\nTue-Sat 00:00-04:00 UTC',
      '2026-11-24T23:00:00Z',
      true,
      '2026-11-25T04:00:00Z',
    ],
    [
      'Tue 10:00-12:00 UTC\nTue 12:00-14:00 Europe/London',
      '2026-11-24T11:00:00Z',
      true,
      '2026-11-24T14:00:00Z',
    ],
    ['Sat,Sun 00:00-24:00 UTC', '2026-11-28T00:00:00Z', true, '2026-11-30T00:00:00Z'],
    ['Tue 23:00-23:00 UTC', '2026-11-25T22:59:00Z', true, '2026-11-25T23:00:00Z'],
    // In zones far from UTC the local day differs.
    ['Wed 00:00-06:00 Pacific/Kiritimati', '2026-11-24T10:00:00Z', true, '2026-11-24T16:00:00Z'],
    ['Mon 22:00-24:00 Pacific/Pago_Pago', '2026-11-24T10:30:00Z', true, '2026-11-24T11:00:00Z'],
    ['Tue 09:00-10:00 Asia/Kathmandu', '2026-11-24T03:15:00Z', true, '2026-11-24T04:15:00Z'],
    // Berlin springs forward on 2026-03-29 from 02:00 to 03:00, at 01:00 UTC.
    ['Sat 22:00-04:00 Europe/Berlin', '2026-03-28T21:00:00Z', true, '2026-03-29T02:00:00Z'],
    ['Sun 02:30-04:00 Europe/Berlin', '2026-03-29T00:59:00Z', false, '2026-03-29T01:00:00Z'],
    ['Sun 02:00-03:00 Europe/Berlin', '2026-03-29T00:59:00Z', false, '2026-04-05T00:00:00Z'],
    // It falls back on 2026-10-25 from 03:00 to 02:00, at 01:00 UTC.
    ['Sat 22:00-04:00 Europe/Berlin', '2026-10-24T20:00:00Z', true, '2026-10-25T03:00:00Z'],
    ['Sun 01:00-02:30 Europe/Berlin', '2026-10-25T00:29:00Z', true, '2026-10-25T00:30:00Z'],
    ['Sun 01:00-02:30 Europe/Berlin', '2026-10-25T00:30:00Z', false, '2026-10-25T01:00:00Z'],
    ['Sun 01:00-02:30 Europe/Berlin', '2026-10-25T01:00:00Z', true, '2026-10-25T01:30:00Z'],
    ['Sun 02:30-03:00 Europe/Berlin', '2026-10-25T00:30:00Z', true, '2026-10-25T01:00:00Z'],
    // New York: 2026-03-08 at 07:00 UTC forward, 2026-11-01 at 06:00 UTC back.
    ['Sun 01:30-03:30 America/New_York', '2026-03-08T06:30:00Z', true, '2026-03-08T07:30:00Z'],
    ['Sun 00:00-01:30 America/New_York', '2026-11-01T05:30:00Z', false, '2026-11-01T06:00:00Z'],
    ['Sat 20:00-06:00 America/New_York', '2026-11-01T00:00:00Z', true, '2026-11-01T11:00:00Z'],
    // Lord Howe changes its clocks by half an hour: 2026-04-04 at 15:00 UTC back from 02:00 to 01:30, 2026-10-03 at 15:30 UTC forward.
    ['Sun 01:00-01:45 Australia/Lord_Howe', '2026-04-04T14:44:00Z', true, '2026-04-04T14:45:00Z'],
    ['Sun 01:00-01:45 Australia/Lord_Howe', '2026-04-04T14:45:00Z', false, '2026-04-04T15:00:00Z'],
    ['Sun 01:00-01:45 Australia/Lord_Howe', '2026-04-04T15:00:00Z', true, '2026-04-04T15:15:00Z'],
    ['Sun 02:00-02:30 Australia/Lord_Howe', '2026-10-03T15:29:00Z', false, '2026-10-10T15:00:00Z'],
    ['Sun 02:15-03:00 Australia/Lord_Howe', '2026-10-03T15:30:00Z', true, '2026-10-03T16:00:00Z'],
    // Always open.
    ['Mon-Sun 00:00-24:00 Europe/Berlin', '2026-10-24T20:00:00Z', true, undefined],
    ['Mon-Sun 12:00-12:00 America/New_York', '2026-03-08T06:30:00Z', true, undefined],
  ])('the windows %s at %s are open: %s, until %s', (text, now, open, change) => {
    const windows = windowsOf(text);
    expect([
      windowsAt(windows, new Date(now)).open,
      windowsAt(windows, new Date(now)).changesAt?.toISOString(),
    ]).toEqual([open, change && new Date(change).toISOString()]);
  });
});

const aWindow: fc.Arbitrary<Window> = fc.record({
  days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
  start: fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15),
  end: fc.integer({ min: 1, max: 96 }).map((quarter) => quarter * 15),
  timeZone: fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Kiritimati',
  ),
});
/** Times around each change of a clock. */
const anInstant = fc
  .tuple(
    fc.constantFrom('2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01'),
    fc.integer({ min: -3 * 24 * 60, max: 24 * 60 }),
    fc.integer({ min: 0, max: 59_999 }),
  )
  .map(([day, minutes, ms]) => new Date(Date.parse(day) + minutes * MINUTE_MS + ms));

describe('any windows', () => {
  it('opens any windows exactly at their local times', () => {
    fc.assert(
      fc.property(fc.array(aWindow, { minLength: 1, maxLength: 3 }), anInstant, (windows, now) => {
        expect(windowsAt(windows, now, zones).open).toBe(windows.some((one) => wallSays(one, now)));
      }),
    );
  });

  it('returns the first minute at which the windows open or close as changesAt', () => {
    fc.assert(
      fc.property(fc.array(aWindow, { minLength: 1, maxLength: 3 }), anInstant, (windows, now) => {
        const open = windowsAt(windows, now, zones).open;
        const change = windowsAt(windows, now, zones).changesAt;
        const limit = Math.min(change?.getTime() ?? Infinity, now.getTime() + 3 * 24 * 60 * MINUTE_MS);
        for (let at = minuteAfter(now); at < limit; at += MINUTE_MS) {
          if (windows.some((one) => wallSays(one, new Date(at))) !== open) {
            throw new Error(
              `Expected no change before ${change?.toISOString()}, got one at ${new Date(at).toISOString()}`,
            );
          }
        }
        const then = change === undefined ? !open : windowsAt(windows, change, zones).open;
        expect([then, (change?.getTime() ?? Infinity) > now.getTime()]).toEqual([!open, true]);
      }),
      { numRuns: 40 },
    );
  });

  it('does not depend on the order of the windows', () => {
    fc.assert(
      fc.property(fc.array(aWindow, { minLength: 2, maxLength: 4 }), anInstant, (windows, now) => {
        expect(windowsAt(windows.toReversed(), now, zones).changesAt).toEqual(
          windowsAt(windows, now, zones).changesAt,
        );
      }),
    );
  });
});

const walls = new Map<string, Intl.DateTimeFormat>();
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** An independent check: the local time of the zone as text. */
function wallSays({ days, start, end, timeZone }: Window, at: Date): boolean {
  const wall =
    walls.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' });
  walls.set(timeZone, wall);
  const [weekday = '', hour, minute] = wall.format(at).split(/[\s,:]+/u);
  const day = DAYS.indexOf(weekday);
  const minutes = Number(hour) * 60 + Number(minute);
  const startsToday = days.includes(day);
  return end > start
    ? startsToday && minutes >= start && minutes < end
    : (startsToday && minutes >= start) || (days.includes((day + 6) % 7) && minutes < end);
}

function minuteAfter(now: Date): number {
  return (Math.floor(now.getTime() / MINUTE_MS) + 1) * MINUTE_MS;
}

function windowsOf(text: string): readonly Window[] {
  const errors = new ErrorList();
  const windows = readWindows(text, errors);
  expect(errors.list()).toEqual([]);
  return windows;
}

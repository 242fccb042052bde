import { describe, expect, it } from 'vitest';
import { ErrorList } from '../../agent/policy/error-list.ts';
import { readWindows } from '../../agent/policy/windows.ts';

const ALL = [0, 1, 2, 3, 4, 5, 6];

describe('readWindows', () => {
  it.each<[string, readonly number[]]>([
    ['Mon', [1]],
    ['Mon-Fri', [1, 2, 3, 4, 5]],
    ['Sat,Sun', [0, 6]],
    ['Fri-Mon', [0, 1, 5, 6]],
    ['Mon-Wed,Fri,Wed-Thu', [1, 2, 3, 4, 5]],
    ['Sun-Sat', ALL],
    ['Mon-Sun', ALL],
    ['Tue-Tue', [2]],
  ])('reads the days %s', (days, expected) => {
    expect(read(`${days} 01:00-02:00 UTC`)).toEqual({
      windows: [{ days: expected, start: 60, end: 120, timeZone: 'UTC' }],
      errors: [],
    });
  });

  it.each([
    ['22:00-04:00', 22 * 60, 4 * 60],
    ['00:00-24:00', 0, 1440],
    ['00:00-00:00', 0, 1440],
    ['18:30-00:00', 1110, 1440],
    ['23:59-23:59', 1439, 1439],
  ])('reads the times %s', (times, start, end) => {
    expect(read(`Mon ${times} UTC`).windows).toMatchObject([{ start, end }]);
  });

  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3', 'Australia/Lord_Howe'])(
    'accepts the time zone %s',
    (timeZone) => {
      expect(read(`Mon 01:00-02:00 ${timeZone}`)).toMatchObject({ windows: [{ timeZone }], errors: [] });
    },
  );

  it('reads one window a line, with comments, blank lines, blanks and \\r\\n', () => {
    const text = '# at night\r\n\r\n  Mon-Fri \t22:00-04:00  Europe/Berlin # or so\r\nSun 00:00-24:00 UTC#x';
    expect(read(text)).toMatchObject({
      windows: [
        { days: [1, 2, 3, 4, 5], timeZone: 'Europe/Berlin' },
        { days: [0], timeZone: 'UTC' },
      ],
      errors: [],
    });
  });

  it.each(['', ' \n', '# none'])('reads no window from %j', (text) => {
    expect(read(text)).toEqual({ windows: [], errors: [] });
  });

  it.each([
    ['mon 01:00-02:00 UTC', /got "mon". Did you mean Mon\?/u],
    ['Monday 01:00-02:00 UTC', /got "Monday". Did you mean Mon\?/u],
    ['* 01:00-02:00 UTC', /days such as Mon-Fri .* got "\*". Write as in/u],
    ['Mon, Tue 01:00-02:00 UTC', /days such as/u],
    ['Mon-Tue-Wed 01:00-02:00 UTC', /a range of two days/u],
    ['Mon-Fri', /start and end after the days, .* got nothing/u],
    ['Mon 1:00-2:00 UTC', /got "1:00-2:00"/u],
    ['Mon 24:00-02:00 UTC', /got "24:00-02:00"/u],
    ['Mon 01:00-24:01 UTC', /start and end/u],
    ['Mon 01:60-02:00 UTC', /start and end/u],
    ['Mon 01:00 - 02:00 UTC', /start and end/u],
    ['Mon 01:00-02:00', /a time zone after "Mon 01:00-02:00", got none. Add one, such as UTC/u],
    ['Mon 01:00-02:00 Europe/Berln', /a time zone such as .* got "Europe\/Berln"/u],
    ['Mon 01:00-02:00 +01:00', /a time zone such as/u],
    ['Mon 01:00-02:00 CEST', /a time zone such as/u],
    ['Mon 01:00-02:00 UTC Tue 01:00-02:00 UTC', /one window a line/u],
  ])('refuses %j and says what is expected', (text, message) => {
    expect(read(`# first\n${text}`)).toEqual({
      windows: [],
      errors: [{ key: 'windows', line: 2, message: expect.stringMatching(message) }],
    });
  });

  it('reports every wrong line at once', () => {
    const { errors } = read('x\nMon 01:00-02:00 UTC\nMon y UTC');
    expect(errors.map(({ line }) => line)).toEqual([1, 3]);
  });

  it('refuses more than 50 windows and a text that is too long', () => {
    expect(read('Mon 00:00-01:00 UTC\n'.repeat(50)).windows).toHaveLength(50);
    expect(read('Mon 00:00-01:00 UTC\n'.repeat(51)).errors).toEqual([
      { key: 'windows', line: 51, message: expect.stringMatching(/at most 50 windows, got 51/u) },
    ]);
    expect(read('#'.repeat(20_000)).errors).toMatchObject([
      { line: 1, message: expect.stringMatching(/at most 16384 characters/u) },
    ]);
  });
});

function read(text: string) {
  const errors = new ErrorList();
  const windows = readWindows(text, errors);
  return { windows, errors: errors.list() };
}

// Offsets of time zones from UTC.

const MINUTE_MS = 60_000;

/** How far a zone's local time is ahead of UTC at an instant, in ms. Throws RangeError for an unknown zone. */
export type ZoneOffset = (timeZone: string, at: Date) => number;

/** Uses Intl and caches one formatter per zone. Formatters cost time and memory, so share the result. */
export function createZones(): ZoneOffset {
  const formats = new Map<string, Intl.DateTimeFormat>();

  function formatOf(timeZone: string): Intl.DateTimeFormat {
    const format = formats.get(timeZone) ?? createFormat(timeZone);
    formats.set(timeZone, format);
    return format;
  }

  return (timeZone, at) => {
    const minute = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
    return localTime(formatOf(timeZone), minute) - minute;
  };
}

function createFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
}

/** The local time as ms since the epoch, as if it were UTC. */
function localTime(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
}

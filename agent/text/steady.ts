// A program's output as part of a reason: bounded, and the same for every run that ends for the same cause.

const MAX_LENGTH = 500;

/** What differs from run to run: times, durations, process ids, addresses, ports, random ids. */
const PASSING: readonly (readonly [RegExp, string])[] = [
  // klog's severity, time and process id.
  [/^[IWEF]\d{4} [\d:.]+ +\d+ /u, ''],
  [
    /\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)){0,2}(?: m=[+-][\d.]+)?/gu,
    '…',
  ],
  [/\b(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b/gu, '…'],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/gu, '…'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/giu, '…'],
  [/\b0x[0-9a-f]+\b/giu, '…'],
  [/\b[0-9a-f]{32,}\b/giu, '…'],
  [/\b1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?\b/gu, '…'],
  [/\b(?:\d+[hm])*\d+\.\d+(?:ns|µs|us|ms|s)\b/gu, '…'],
  [/(\bpid\b[ =:"']*)\d+/giu, '$1…'],
  [/\[\d+\]/gu, '[…]'],
  [/(:)\d{4,5}(?=->)/gu, '$1…'],
];

/** Returns one line of a program's output without what differs at every run, at most 500 characters long. */
export function steadyLine(line: string): string {
  const steady = PASSING.reduce((text, [passing, shown]) => text.replace(passing, shown), line);
  const printed = steady.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return printed.length > MAX_LENGTH ? `${printed.slice(0, MAX_LENGTH - 1)}…` : printed;
}

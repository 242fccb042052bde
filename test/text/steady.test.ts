import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { steadyLine } from '../../agent/text/steady.ts';

test.each([
  [
    'E1129 00:01:02.000003    4242 run.go:72] "command failed" err="x"',
    'run.go:72] "command failed" err="x"',
  ],
  ['2026-11-29T00:01:02.123Z kubelet[4242]: x', '… kubelet[…]: x'],
  ['2026/11/29 00:01:02 x (pid 4242, took 12.3456ms, at 0xc000123400)', '… x (pid …, took …, at …)'],
  ['Sun Nov 29 00:01:02 2026: x', '…'],
  ['dial tcp 10.0.0.1:48888->10.0.0.2:6443: refused', 'dial tcp 10.0.0.1:…->10.0.0.2:6443: refused'],
  ['[1764374400] x 1b4e28ba-2fa1-11d2-883f-0016d3cca427', '[…] x …'],
  ['unknown flag: --allowed-unsafe-sysctls', 'unknown flag: --allowed-unsafe-sysctls'],
  ['a\tb\u{1B}[31m', 'a b [31m'],
])('“%s” is shown without what differs from run to run', (line, shown) => {
  expect(steadyLine(line)).toContain(shown);
});

const failureOf = ({ hour, pid, address }: { hour: number; pid: number; address: number }): string =>
  `E1129 ${hour}:01:02.000003 ${String(pid).padStart(7)} run.go:72] failed at 2026-11-29 ${hour}:01:02.5 +0000 UTC m=+0.${pid} in pid=${pid} 0x${address.toString(16)}`;

test('two runs of one failure have the same line, whatever the time, process and address', () => {
  const two = fc.integer({ min: 10, max: 23 });
  const run = fc.record({
    hour: two,
    pid: fc.integer({ min: 1, max: 4_194_304 }),
    address: fc.integer({ min: 1 }),
  });
  fc.assert(
    fc.property(run, run, (one, other) => {
      expect(steadyLine(failureOf(one))).toBe(steadyLine(failureOf(other)));
    }),
  );
});

test('no line is longer than 500 characters, or has a control character', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2000, unit: 'binary' }), (line) => {
      const shown = steadyLine(line);
      expect(shown.length).toBeLessThanOrEqual(500);
      expect(shown).not.toMatch(/\p{Cc}/u);
    }),
  );
});

import { expect, test } from 'vitest';
import { kubeletErrorLine } from '../../../agent/node/observe/kubelet-log.ts';

const FATAL =
  'E1124 10:12:13.141516    4242 run.go:72] "command failed" err="failed to run Kubelet: failed to create kubelet: the sysctls \\"vm.\\" are not known to be namespaced"';

test('the line with “command failed” is chosen over lines that were logged after it', () => {
  expect(
    kubeletErrorLine(
      ['I1124 10:12:13.0 4242 server.go:1] "Started"', FATAL, 'Main process exited'],
      'exit-code',
    ),
  ).toContain('failed to run Kubelet: failed to create kubelet');
});

test('time and process id are left out, so that each crash of a loop has the same text', () => {
  const later = FATAL.replace('10:12:13.141516    4242', '10:12:23.000001    4300');

  expect(kubeletErrorLine([FATAL], 'exit-code')).toBe(kubeletErrorLine([later], 'exit-code'));
});

test('a flag that does not parse gives the flag parser’s error line', () => {
  expect(
    kubeletErrorLine(
      ['Error: unknown flag: --allowed-unsafe-systcls', 'Usage:', '  kubelet [flags]'],
      'exit-code',
    ),
  ).toBe('Error: unknown flag: --allowed-unsafe-systcls');
});

test('a log without an error gives no error line', () => {
  expect(kubeletErrorLine(['I1124 10:12:13.0 4242 server.go:1] "Started"'], 'exit-code')).toBeUndefined();
});

const HARMLESS =
  'E1129 00:01:02.000003    4242 kubelet.go:1] "Eviction manager: failed to get summary stats"';

test.each(['success', 'signal', 'timeout', 'oom-kill', 'watchdog', ''])(
  'an error line is not quoted as the cause of an end with the result “%s”, which is not the kubelet’s own failure',
  (result) => {
    expect(kubeletErrorLine([HARMLESS, 'Started; some probe failed'], result)).toBeUndefined();
  },
);

test.each(['exit-code', 'core-dump'])(
  'of a kubelet that itself failed (%s) the last error line is quoted',
  (result) => {
    expect(kubeletErrorLine([HARMLESS], result)).toContain('Eviction manager');
  },
);

test.each([
  FATAL,
  'panic: runtime error: index out of range',
  'F1129 00:01:02.000003 42 server.go:1] no cgroups',
])(
  'the line “%s”, with which only an ending kubelet ends, counts whatever systemd says of a later start',
  (line) => {
    expect(kubeletErrorLine([HARMLESS, line], 'success')).not.toContain('Eviction');
  },
);

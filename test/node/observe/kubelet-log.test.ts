import { expect, test } from 'vitest';
import { kubeletErrorLine } from '../../../agent/node/observe/kubelet-log.ts';

const FATAL =
  'E1124 10:12:13.141516    4242 run.go:72] "command failed" err="failed to run Kubelet: failed to create kubelet: the sysctls \\"vm.\\" are not known to be namespaced"';

test('the line with “command failed” is chosen over lines that were logged after it', () => {
  expect(
    kubeletErrorLine(['I1124 10:12:13.0 4242 server.go:1] "Started"', FATAL, 'Main process exited']),
  ).toContain('failed to run Kubelet: failed to create kubelet');
});

test('time and process id are left out, so that each crash of a loop has the same text', () => {
  const later = FATAL.replace('10:12:13.141516    4242', '10:12:23.000001    4300');

  expect(kubeletErrorLine([FATAL])).toBe(kubeletErrorLine([later]));
});

test('a flag that does not parse gives the flag parser’s error line', () => {
  expect(
    kubeletErrorLine(['Error: unknown flag: --allowed-unsafe-systcls', 'Usage:', '  kubelet [flags]']),
  ).toBe('Error: unknown flag: --allowed-unsafe-systcls');
});

test('a log without an error gives no error line', () => {
  expect(kubeletErrorLine(['I1124 10:12:13.0 4242 server.go:1] "Started"'])).toBeUndefined();
});

import { expect, it } from 'vitest';
import { effectiveAllowances } from '../../agent/kubelet/effective-config.ts';

const YAML = [
  'allowedUnsafeSysctls:',
  '- net.core.somaxconn',
  '- kernel.shm*',
  'apiVersion: kubelet.config.k8s.io/v1beta1',
  'kind: KubeletConfiguration',
];
const TITLE = 'I1129 00:00:00.000001     812 server.go:257] "Effective KubeletConfiguration" config=<';
const OTHERS = [
  'I1129 00:00:00.000000     812 x.go:1] "Starting"',
  'I1129 00:00:01.000000     812 x.go:2] "Started"',
];
const [first = '', last = ''] = OTHERS;

const logged = (lines: readonly string[]): readonly string[] => [
  first,
  TITLE,
  ...lines.map((line) => `\t${line}`),
  ' >',
  last,
];

it.each([
  ['text', logged(YAML), ['net.core.somaxconn', 'kernel.shm*']],
  [
    'JSON',
    [first, JSON.stringify({ msg: 'Effective KubeletConfiguration', config: YAML.join('\n') })],
    ['net.core.somaxconn', 'kernel.shm*'],
  ],
  ['a configuration without a list', logged(YAML.slice(3)), []],
  ['two starts: the last', [...logged(YAML), ...logged(YAML.slice(3))], []],
  ['none', OTHERS, undefined],
  ['no lines', [], undefined],
  ['a text that is cut off', [TITLE, '\tallowedUnsafeSysctls:'], undefined],
  ['another format', ['"Effective KubeletConfiguration" config="x"'], undefined],
  ['JSON without the value', ['{"msg":"Effective KubeletConfiguration"}'], undefined],
])('reads the list that a kubelet logs as its configuration: %s', (_, lines, expected) => {
  expect(effectiveAllowances(lines)).toEqual(expected);
});

import { expect, it } from 'vitest';
import { nodeNameOf } from '../../agent/kubelet/node-name.ts';

it.each<[string, readonly string[], string, string]>([
  ["a node has its host's name, in lower case", ['/usr/bin/kubelet'], 'Node-7.Example', 'node-7.example'],
  ['--hostname-override names the node', ['kubelet', '--hostname-override=Web-1'], 'h', 'web-1'],
  [
    'the last --hostname-override counts, as a word of its own too',
    ['kubelet', '--hostname-override=a', '--hostname-override', ' B '],
    'h',
    'b',
  ],
  ['an empty --hostname-override counts for nothing', ['kubelet', '--hostname-override='], 'H', 'h'],
])('%s', (_title, argv, hostname, expected) => {
  expect(nodeNameOf(argv, hostname)).toBe(expected);
});

import { expect, it } from 'vitest';
import { nodeMoment } from '../../../scripts/timeline/recorder.ts';

function key(name: string): string {
  return `kubelet-sysctl-agent/${name}`;
}

it('a moment of a Node has its annotations, whether it is Ready, and its zone', () => {
  const annotations = {
    [key('state')]: 'Pending',
    [key('desired-revision')]: 'b2',
    [key('applied-revision')]: 'a1',
    [key('approved-revision')]: 'a1',
    'example.com/other': 'x',
  };
  const labels = { 'topology.kubernetes.io/zone': 'west' };
  const conditions = [
    { type: 'DiskPressure', status: 'True' },
    { type: 'Ready', status: 'Unknown' },
  ];

  const moment = nodeMoment(
    { metadata: { name: 'n1', annotations, labels, uid: 'x' }, status: { conditions } },
    5,
  );

  expect(moment).toEqual({
    at: 5,
    kind: 'node',
    node: 'n1',
    ready: false,
    state: 'Pending',
    desiredRevision: 'b2',
    appliedRevision: 'a1',
    approvedRevision: 'a1',
    zone: 'west',
  });
});

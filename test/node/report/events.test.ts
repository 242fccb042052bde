import { describe, expect, test } from 'vitest';
import { eventsFor } from '../../../agent/node/report/events.ts';
import { annotationsOf, type NodeReport } from '../../../agent/report/annotations.ts';

const BLOCKED: NodeReport = {
  state: 'Blocked',
  reason: 'A pod that runs here uses it: shop/web',
  reasonCode: undefined,
  desired: ['kernel.sem'],
  profiles: undefined,
  running: ['kernel.sem', 'net.core.somaxconn'],
  allows: undefined,
  drift: { missing: [], unmanaged: [], pendingRestart: [] },
  policyError: undefined,
  desiredRevision: 'b',
  appliedRevision: 'a',
  failedRevision: undefined,
  lastChange: undefined,
  history: undefined,
};

/** The annotations of a report. */
const shown = (report: NodeReport): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotationsOf(report)).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );

describe('a node that is Done', () => {
  const done: NodeReport = {
    ...BLOCKED,
    state: 'Done',
    reason: 'The kubelet allows it',
    appliedRevision: 'b',
  };
  const missing = { missing: ['kernel.sem'], unmanaged: [], pendingRestart: [] };

  test.each<[string, NodeReport]>([
    ['was Blocked', BLOCKED],
    ['was Degraded', { ...BLOCKED, state: 'Degraded' }],
    ['had drift', { ...done, state: 'Working', drift: missing }],
  ])('has an Event NodeDone when it %s before', (_title, before) => {
    expect(eventsFor(shown(before), done)).toEqual([
      { type: 'Normal', reason: 'NodeDone', message: done.reason },
    ]);
  });

  test('writes no Event after a change that the policy asked for', () => {
    expect(eventsFor(shown({ ...BLOCKED, state: 'Working', drift: missing }), done)).toEqual([]);
    expect(eventsFor({}, done)).toEqual([]);
  });
});

describe('a node that is Blocked', () => {
  const other = { ...BLOCKED, reason: 'kubelet.service is active, but does not answer healthz' };

  test('has one Event while its reason stays', () => {
    expect(eventsFor(shown({ ...BLOCKED, state: 'Done' }), BLOCKED)).toMatchObject([
      { type: 'Warning', reason: 'NodeBlocked', message: BLOCKED.reason },
    ]);
    expect(eventsFor(shown(BLOCKED), BLOCKED)).toEqual([]);
  });

  test('has another Event when its reason changes', () => {
    expect(eventsFor(shown(other), BLOCKED)).toMatchObject([
      { reason: 'NodeBlocked', message: BLOCKED.reason },
    ]);
  });

  test('has one Event for a reason that is longer than an annotation may be', () => {
    const long = { ...BLOCKED, reason: `uses it: ${'shop/web-0123456789, '.repeat(200)}` };
    expect(eventsFor(shown(long), long)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { annotationsOf, driftText, nodePatch, type NodeReport } from '../../agent/report/annotations.ts';
import { INPUT_KEYS, KEYS } from '../../agent/names.ts';
import { VERSION } from '../../agent/text/version.ts';
import { pastChange } from './past-change.ts';

const NO_DRIFT = { missing: [], unmanaged: [], pendingRestart: [] };

function report(changes: Partial<NodeReport> = {}): NodeReport {
  return {
    state: 'Done',
    reason: 'The kubelet allows what the policy wants.',
    reasonCode: undefined,
    desired: ['kernel.sem', 'net.core.somaxconn'],
    profiles: undefined,
    running: ['kernel.sem', 'net.core.somaxconn'],
    allows: undefined,
    drift: NO_DRIFT,
    policyError: undefined,
    desiredRevision: 'abc',
    appliedRevision: 'abc',
    failedRevision: undefined,
    lastChange: '2026-11-24T10:00:00Z',
    history: undefined,
    ...changes,
  };
}

/** A node with the annotations of `shown` beside those of other parties. */
function nodeWith(shown: NodeReport): {
  annotations: Record<string, string>;
  labels: Record<string, string>;
} {
  const ours = Object.entries(annotationsOf(shown)).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    annotations: { 'someone/else': 'kept', ...Object.fromEntries(ours) },
    labels: { 'kubernetes.io/os': 'linux', [KEYS.state]: shown.state },
  };
}

describe('nodePatch', () => {
  it('returns undefined when the node already has the report', () => {
    expect(nodePatch(nodeWith(report()), report())).toBeUndefined();
  });

  it('writes every known key to a node without annotations, and the state as a label too', () => {
    expect(nodePatch({ annotations: {}, labels: {} }, report())).toEqual({
      annotations: {
        [KEYS.state]: 'Done',
        [KEYS.reason]: 'The kubelet allows what the policy wants.',
        [KEYS.desired]: 'kernel.sem,net.core.somaxconn',
        [KEYS.running]: 'kernel.sem,net.core.somaxconn',
        [KEYS.desiredRevision]: 'abc',
        [KEYS.appliedRevision]: 'abc',
        [KEYS.lastChange]: '2026-11-24T10:00:00Z',
        [KEYS.version]: VERSION,
      },
      labels: { [KEYS.state]: 'Done' },
    });
  });

  it('writes the history when it has a new change, and removes it when it is empty', () => {
    const [first, second] = [pastChange(1), pastChange(2)];
    const node = nodeWith(report({ history: [first] }));
    expect(nodePatch(node, report({ history: [first] }))).toBeUndefined();
    expect(nodePatch(node, report({ history: [first, second] }))?.annotations).toEqual({
      [KEYS.history]: JSON.stringify([first, second]),
    });
    expect(nodePatch(node, report())?.annotations).toEqual({ [KEYS.history]: null });
  });

  it('contains only what differs, and removes what is no longer known', () => {
    const before = report({
      state: 'Degraded',
      drift: { ...NO_DRIFT, missing: ['kernel.sem'] },
      policyError: 'wrong',
    });
    expect(nodePatch(nodeWith(before), report())).toEqual({
      annotations: { [KEYS.state]: 'Done', [KEYS.drift]: null, [KEYS.policyError]: null },
      labels: { [KEYS.state]: 'Done' },
    });
  });

  it('removes a retry request', () => {
    const node = nodeWith(report());
    node.annotations[INPUT_KEYS.retry] = 'now';
    expect(nodePatch(node, report())).toEqual({ annotations: { [INPUT_KEYS.retry]: null }, labels: {} });
  });

  it('restores a label that another party changed', () => {
    const node = nodeWith(report());
    node.labels[KEYS.state] = 'Working';
    expect(nodePatch(node, report())).toEqual({ annotations: {}, labels: { [KEYS.state]: 'Done' } });
  });

  it('writes an empty list as an empty annotation, and an unknown list as none', () => {
    const patch = nodePatch(nodeWith(report()), report({ desired: [], running: undefined }));
    expect(patch?.annotations).toEqual({ [KEYS.desired]: '', [KEYS.running]: null });
  });

  it('returns undefined for a report whose text was shortened before', () => {
    const long = report({ reason: 'ä'.repeat(4000), policyError: 'x'.repeat(4000) });
    const node = nodeWith(long);
    expect(Buffer.byteLength(node.annotations[KEYS.reason] ?? '')).toBeLessThanOrEqual(1024);
    expect(nodePatch(node, long)).toBeUndefined();
  });

  it('does not shorten a list of up to 16 KiB', () => {
    const desired = Array.from({ length: 800 }, (_none, at) => `net.ipv4.name_${at}`);
    expect(annotationsOf(report({ desired }))[KEYS.desired]).toBe(desired.join(','));
  });
});

describe('driftText', () => {
  it('returns undefined when there is no drift', () => {
    expect(driftText(NO_DRIFT)).toBeUndefined();
  });

  it('names each kind of drift, and the place of each unmanaged allowance', () => {
    const origin = 'KUBELET_EXTRA_ARGS in /etc/default/kubelet';
    const drift = {
      missing: ['net.core.somaxconn', 'kernel.shm*'],
      unmanaged: [{ pattern: 'kernel.sem', origin }],
      pendingRestart: ['+net.core.somaxconn', '-kernel.sem'],
    };
    expect(driftText(drift)).toBe(
      'missing: net.core.somaxconn, kernel.shm*; unmanaged: kernel.sem ' +
        '(KUBELET_EXTRA_ARGS in /etc/default/kubelet); pending restart: +net.core.somaxconn, -kernel.sem',
    );
    expect(driftText({ ...drift, missing: [], pendingRestart: [] })).toBe(
      'unmanaged: kernel.sem (KUBELET_EXTRA_ARGS in /etc/default/kubelet)',
    );
  });
});

import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { statusLine, statusText } from '../../../../agent/cli/kubectl/views/status-text.ts';
import type { StatusView } from '../../../../agent/cli/kubectl/views/status-view.ts';
import type { NodeVerdict, RolloutStatus } from '../../../../agent/rollout/fleet.ts';

const PLAIN = picocolors.createColors(false);
const PLACE = { server: 'https://api.example:6443', context: 'prod', namespace: 'kubelet-sysctl-agent' };
const COUNTS = { done: 0, changing: 0, waiting: 0, failed: 0, held: 0, lost: 0 };

function view(
  over: Partial<Omit<StatusView, 'counts'>> & { counts?: Partial<StatusView['counts']> },
): StatusView {
  const counts = { ...COUNTS, ...over.counts };
  return {
    phase: 'Rolling',
    reason: 'So it is.',
    nodes: Object.values(counts).reduce((sum, number) => sum + number, 0),
    secondsLeft: undefined,
    maxUnavailable: 10,
    revisions: [],
    policy: { valid: true, mode: 'Enforce', paused: false, errors: [] },
    pausedNodes: [],
    coordinator: {
      present: true,
      holder: 'c-1',
      renewedSecondsAgo: 1,
      missing: false,
      message: 'c-1 leads.',
    },
    attention: [],
    verdicts: [],
    ...over,
    counts,
  };
}

const verdict = (name: string, standing: RolloutStatus, attention: string): NodeVerdict => ({
  name,
  standing,
  revision: 'r',
  canary: false,
  unavailable: false,
  attention,
});

const text = (shown: StatusView, width = 80, height?: number): string =>
  statusText(shown, PLACE, { width, height }, PLAIN);

const bar = (shown: StatusView): string => /[█▓▒░]+/u.exec(text(shown))?.[0] ?? '';

describe('the progress bar', () => {
  it('has a part for what is done, at work, failed and to come', () => {
    const shown = bar(view({ counts: { done: 40, changing: 10, failed: 10, waiting: 40 } }));
    expect(shown).toMatch(/^█{16}▓{4}▒{4}░{16}$/u);
  });

  it('is not full before all are done, and shows one node of thousands', () => {
    expect(bar(view({ counts: { done: 4999, waiting: 1 } }))).toMatch(/█░$/u);
    expect(bar(view({ counts: { done: 1, changing: 1, failed: 1, waiting: 4997 } }))).toMatch(/^█▓▒░+$/u);
  });

  it('is full when all are done, and empty without nodes', () => {
    expect(bar(view({ counts: { done: 3 } }))).toMatch(/^█+$/u);
    expect(bar(view({}))).toMatch(/^░+$/u);
  });

  it('stands beside the counts and what is left', () => {
    const shown = text(view({ counts: { done: 1, waiting: 2 }, secondsLeft: 240 }));
    expect(shown).toMatch(/░ {2}1 of 3 nodes, about 4 min left\n +1 done · 2 waiting$/mu);
  });
});

describe('nodes that need attention', () => {
  const many = Array.from({ length: 300 }, (_, at) => verdict(`node-${at}`, 'held', 'Blocked: it waits.'));

  it('are told of together when they say the same, with as many names as fit', () => {
    const shown = text(view({ attention: [...many, verdict('other', 'failed', 'It broke.')] }));
    expect(shown).toMatch(/^ {2}node-0, node-1, .* and \d+ more {2}held\n {4}Blocked: it waits\.$/mu);
    expect(shown).toMatch(/^ {2}other {2}failed\n {4}It broke\.$/mu);
  });

  it('are told of as far as there is room for the first one', () => {
    const attention = [verdict('node-1', 'failed', `It broke. ${'word '.repeat(60)}`)];
    const shown = text(view({ attention }), 80, 12).split('\n');
    expect(shown).toHaveLength(12);
    expect(shown.join('\n')).toMatch(/^ {2}node-1 {2}failed\n {4}It broke\./mu);
    expect(shown.at(-1)).toBe('    …');
  });

  it('are counted where the screen has no room for them', () => {
    const each = many.map((one, at) => ({ ...one, attention: `Blocked: it waits for pod-${at}.` }));
    const shown = text(view({ attention: each }), 80, 16).split('\n');
    expect(shown.length).toBeLessThanOrEqual(16);
    expect(shown.at(-1)).toMatch(/and \d+ more nodes; -o wide/u);
  });
});

describe('the screen', () => {
  it.each([30, 60, 200])('of %i columns has no wider line', (width) => {
    const attention = [verdict('node-1', 'failed', 'word '.repeat(60))];
    const shown = text(view({ counts: { done: 5000 }, reason: 'word '.repeat(50), attention }), width);
    expect(Math.max(...shown.split('\n').map((line) => Array.from(line).length))).toBeLessThanOrEqual(
      Math.max(width, 34),
    );
  });

  it('names the nodes that a person paused', () => {
    expect(text(view({ pausedNodes: ['node-4'] }))).toMatch(/^Paused +node-4$/mu);
  });

  it('names the lists with most nodes first, and counts the rest', () => {
    const revisions = ['a', 'b', 'c', 'd', 'e', 'f'].map((revision) => ({ revision, nodes: 2, done: 1 }));
    expect(text(view({ revisions }), 120)).toMatch(/revisions a \(2 nodes\), .*, d \(2 nodes\) and 2 more/u);
  });
});

describe('the line for a log', () => {
  it('tells the phase, what is not done and what is left', () => {
    expect(statusLine(view({ counts: { done: 1, changing: 2, failed: 1 }, secondsLeft: 30 }))).toBe(
      'Rolling: 1 of 4 nodes done, 2 changing, 1 failed, about 30 s left',
    );
  });
});

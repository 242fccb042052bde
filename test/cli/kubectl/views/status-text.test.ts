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
    holders: [],
    places: '',
    isHeldUp: false,
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
    unread: [],
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

describe('the places', () => {
  const places = '1 of 1 taken: n3 (not Ready since 2026-11-24T11:58:30Z; until it is Ready)';

  it('are shown while nodes wait for one', () => {
    expect(text(view({ places, counts: { waiting: 2 } }), 120)).toContain(`Places       ${places}`);
    expect(text(view({ places, counts: { changing: 1 } }))).not.toContain('Places');
    expect(text(view({ places, phase: 'Paused', counts: { waiting: 2 } }))).not.toContain('Places');
  });

  it('are part of the line for a log when the rollout is held up', () => {
    const shown = view({ places, isHeldUp: true, counts: { done: 1, waiting: 2 } });
    expect(statusLine(shown)).toBe(`Rolling: 1 of 3 nodes done, 2 waiting, places ${places}`);
    expect(statusLine({ ...shown, isHeldUp: false })).toBe('Rolling: 1 of 3 nodes done, 2 waiting');
  });
});

describe('the progress bar', () => {
  it('the progress bar shows nodes that are done, changing, failed and waiting', () => {
    const shown = bar(view({ counts: { done: 40, changing: 10, failed: 10, waiting: 40 } }));
    expect(shown).toMatch(/^█{16}▓{4}▒{4}░{16}$/u);
  });

  it('the progress bar is full only when all nodes are done, and shows one node of thousands', () => {
    expect(bar(view({ counts: { done: 4999, waiting: 1 } }))).toMatch(/█░$/u);
    expect(bar(view({ counts: { done: 1, changing: 1, failed: 1, waiting: 4997 } }))).toMatch(/^█▓▒░+$/u);
  });

  it('the progress bar is full when all nodes are done, and empty without nodes', () => {
    expect(bar(view({ counts: { done: 3 } }))).toMatch(/^█+$/u);
    expect(bar(view({}))).toMatch(/^░+$/u);
  });

  it('the counts and the time left stand beside the progress bar', () => {
    const shown = text(view({ counts: { done: 1, waiting: 2 }, secondsLeft: 240 }));
    expect(shown).toMatch(/░ {2}1 of 3 nodes, about 4 min left\n +1 done · 2 waiting$/mu);
  });
});

describe('nodes that need attention', () => {
  const many = Array.from({ length: 300 }, (_, at) => verdict(`node-${at}`, 'held', 'Blocked: it waits.'));

  it('groups nodes with the same text, and prints as many names as fit', () => {
    const shown = text(view({ attention: [...many, verdict('other', 'failed', 'It broke.')] }));
    expect(shown).toMatch(/^ {2}node-0, node-1, .* and \d+ more {2}held\n {4}Blocked: it waits\.$/mu);
    expect(shown).toMatch(/^ {2}other {2}failed\n {4}It broke\.$/mu);
  });

  it('cuts the text of the first node when the screen is too small', () => {
    const attention = [verdict('node-1', 'failed', `It broke. ${'word '.repeat(60)}`)];
    const shown = text(view({ attention }), 80, 12).split('\n');
    expect(shown).toHaveLength(12);
    expect(shown.join('\n')).toMatch(/^ {2}node-1 {2}failed\n {4}It broke\./mu);
    expect(shown.at(-1)).toBe('    …');
  });

  it('counts the nodes for which the screen has no room', () => {
    const each = many.map((one, at) => ({ ...one, attention: `Blocked: it waits for pod-${at}.` }));
    const shown = text(view({ attention: each }), 80, 16).split('\n');
    expect(shown.length).toBeLessThanOrEqual(16);
    expect(shown.at(-1)).toMatch(/and \d+ more nodes; -o wide/u);
  });
});

describe('the screen', () => {
  it.each([30, 60, 200])('prints no line that is wider than a screen of %i columns', (width) => {
    const attention = [verdict('node-1', 'failed', 'word '.repeat(60))];
    const shown = text(view({ counts: { done: 5000 }, reason: 'word '.repeat(50), attention }), width);
    expect(Math.max(...shown.split('\n').map((line) => Array.from(line).length))).toBeLessThanOrEqual(
      Math.max(width, 34),
    );
  });

  it('names the paused nodes', () => {
    expect(text(view({ pausedNodes: ['node-4'] }))).toMatch(/^Paused +node-4$/mu);
  });

  it('names the revisions with most nodes first, and counts the rest', () => {
    const revisions = ['a', 'b', 'c', 'd', 'e', 'f'].map((revision) => ({ revision, nodes: 2, done: 1 }));
    expect(text(view({ revisions }), 120)).toMatch(/revisions a \(2 nodes\), .*, d \(2 nodes\) and 2 more/u);
  });
});

describe('statusLine', () => {
  it('prints the phase, the counts and the time left in one line', () => {
    expect(statusLine(view({ counts: { done: 1, changing: 2, failed: 1 }, secondsLeft: 30 }))).toBe(
      'Rolling: 1 of 4 nodes done, 2 changing, 1 failed, about 30 s left',
    );
  });
});

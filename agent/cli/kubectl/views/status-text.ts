// The status as text that fits on one screen.

import type { Phase, RolloutStatus } from '../../../rollout/fleet.ts';
import { count, span } from '../../../text/count.ts';
import { someNames } from '../../../text/names.ts';
import { printable } from '../../../text/quote.ts';
import { wrap } from '../../../text/wrap.ts';
import type { Colors } from '../../colors.ts';
import { restoreText } from './restore-text.ts';
import type { Screen } from './screen.ts';
import type { Place } from '../session.ts';
import type { StatusView } from './status-view.ts';

const TITLE_WIDTH = 13;
const WIDEST_BAR = 40;
const WIDEST_LINE = 120;
const LONGEST_REASON = 1100;

/** Returns lines that fit the screen's width and height, without a newline at the end. */
export function statusText(view: StatusView, place: Place, screen: Screen, colors: Colors): string {
  const width = Math.min(screen.width, WIDEST_LINE);
  const head = [
    ...titled('Cluster', [`${place.server} (${place.context})`], width, colors.dim),
    ...phaseLines(view, width, colors),
    ...progressLines(view, width, colors),
    ...titled('Policy', policyLines(view), width),
    ...titled('Places', placesLines(view), width, view.isHeldUp ? colors.yellow : plain),
    ...titled('Restore', isPartial(view) ? [] : [restoreText(view) ?? []].flat(), width, colors.yellow),
    ...titled('Paused', pausedLines(view, width), width, colors.yellow),
    ...titled(
      'Coordinator',
      [view.coordinator.message],
      width,
      view.coordinator.missing ? colors.yellow : plain,
    ),
  ];
  const notRead = view.unread.flatMap(({ permission }) => wrap(clean(permission), width)).map(colors.yellow);
  const room =
    screen.height === undefined ? Infinity : Math.max(0, screen.height - head.length - notRead.length);
  return [...head, ...attentionLines(view, width, room, colors), ...notRead].join('\n');
}

/** Returns the status in one line, with the time left, for a log. */
export function statusLine(view: StatusView): string {
  return `${standingLine(view)}${leftText(view)}`;
}

/** Returns the part of that line whose change is worth a new line: all but the time left. */
export function standingLine(view: StatusView): string {
  const { done, changing, waiting, failed, held, lost } = view.counts;
  const parts = Object.entries({ changing, waiting, failed, held, lost }).filter(([, number]) => number > 0);
  const others = parts.map(([standing, number]) => `${number} ${standing}`).join(', ');
  const line = `${view.phase}: ${done.toLocaleString('en')} of ${count(view.nodes, 'node')} done${others === '' ? '' : `, ${others}`}`;
  return waiting > 0 && view.isHeldUp && isUnderWay(view) ? `${line}, places ${view.places}` : line;
}

/** The phase and the counts are not known: the user may not read what they follow from. */
export function isPartial({ unread }: StatusView): boolean {
  return unread.some(({ what }) => what === 'policy' || what === 'nodes');
}

function phaseLines(view: StatusView, width: number, colors: Colors): readonly string[] {
  if (isPartial(view)) return titled('Rollout', ['Unknown.'], width, colors.yellow);
  const paint = PHASE_PAINT[view.phase](colors);
  const [first = '', ...rest] = titled('Rollout', [`${view.phase}. ${view.reason}`], width);
  const word = view.phase;
  return [first.replace(word, () => colors.bold(paint(word))), ...rest];
}

const PHASE_PAINT: Readonly<Record<Phase, (colors: Colors) => (text: string) => string>> = {
  Waiting: (colors) => colors.yellow,
  Canary: (colors) => colors.cyan,
  Soaking: (colors) => colors.cyan,
  Rolling: (colors) => colors.cyan,
  Paused: (colors) => colors.yellow,
  Halted: (colors) => colors.red,
  Done: (colors) => colors.green,
};

function progressLines(view: StatusView, width: number, colors: Colors): readonly string[] {
  if (isPartial(view)) return view.nodes === 0 ? [] : indented([count(view.nodes, 'node')], width);
  const { done } = view.counts;
  const said = `${done.toLocaleString('en')} of ${count(view.nodes, 'node')}${leftText(view)}`;
  const room = Math.min(WIDEST_BAR, width - TITLE_WIDTH - said.length - 2);
  const line = room >= 10 ? `${bar(view, room, colors)}  ${said}` : said;
  return [`${' '.repeat(TITLE_WIDTH)}${line}`, ...indented([countsText(view)], width)];
}

/** Returns the bar: done, changing, failed, rest. A count above 0 fills at least one cell. */
function bar({ counts, nodes }: StatusView, width: number, colors: Colors): string {
  const cells = (number: number): number =>
    number === 0 || nodes === 0 ? 0 : Math.max(1, Math.floor((number / nodes) * width));
  const [changing, failed] = [cells(counts.changing), cells(counts.failed)];
  const done = Math.min(cells(counts.done), Math.max(0, width - changing - failed));
  const rest = Math.max(0, width - done - changing - failed);
  return (
    colors.green('█'.repeat(done)) +
    colors.cyan('▓'.repeat(changing)) +
    colors.red('▒'.repeat(failed)) +
    colors.dim('░'.repeat(rest))
  );
}

function countsText({ counts }: StatusView): string {
  const named: readonly (readonly [number, string])[] = [
    [counts.done, 'done'],
    [counts.changing, 'changing'],
    [counts.waiting, 'waiting'],
    [counts.failed, 'failed'],
    [counts.held, 'held'],
    [counts.lost, 'lost'],
  ];
  const shown = named.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return shown.length === 0 ? 'no nodes' : shown.join(' · ');
}

/** Returns `, about 4 min left`; empty while that is unknown. */
export function leftText({ secondsLeft }: StatusView): string {
  return secondsLeft === undefined ? '' : `, about ${span(secondsLeft)} left`;
}

const MOST_REVISIONS = 4;
const MOST_ERRORS = 5;

/** Returns the mode, the revisions and the pace of the policy, or its errors. */
export function policyLines({ policy, revisions, maxUnavailable, unread }: StatusView): readonly string[] {
  if (unread.some(({ what }) => what === 'policy')) return ['not read'];
  if (!policy.valid) {
    const errors = policy.errors.slice(0, MOST_ERRORS).map(({ key, line, message }) => {
      return key === '' ? message : `${key}, line ${line}: ${message}`;
    });
    const more = policy.errors.length - errors.length;
    return ['not valid', ...errors, ...(more > 0 ? [`and ${count(more, 'more error')}`] : [])];
  }
  const shown = revisions
    .slice(0, MOST_REVISIONS)
    .map(({ revision, nodes }) => `${revision} (${count(nodes, 'node')})`);
  const more = revisions.length - shown.length;
  const lists = revisions.length === 1 ? 'revision' : 'revisions';
  const named =
    shown.length === 0 ? '' : `, ${lists} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const pace = maxUnavailable === undefined ? '' : `; at most ${maxUnavailable} at a time`;
  return [`${policy.mode}${policy.paused ? ', paused' : ''}${named}${pace}`];
}

/** Only while nodes wait for a place. */
function placesLines(view: StatusView): readonly string[] {
  return view.counts.waiting > 0 && view.places !== '' && isUnderWay(view) ? [view.places] : [];
}

/** The coordinator approves nodes now, so that they may wait for a place. */
function isUnderWay({ phase }: StatusView): boolean {
  return phase === 'Canary' || phase === 'Soaking' || phase === 'Rolling';
}

function pausedLines({ pausedNodes }: StatusView, width: number): readonly string[] {
  return pausedNodes.length === 0 ? [] : [someNames(pausedNodes, width - TITLE_WIDTH)];
}

const NAMES_WIDTH = 60;

function attentionLines(view: StatusView, width: number, room: number, colors: Colors): readonly string[] {
  const groups = attentionGroups(view);
  if (groups.length === 0 || room < 3) return [];
  const lines = ['', colors.bold('Needs attention')];
  for (const [at, group] of groups.entries()) {
    const next = groupLines(group, width, colors);
    const left = room - lines.length - (at === groups.length - 1 ? 0 : 1);
    // Of the first group at least the beginning of its text is shown.
    if (next.length > left && (at > 0 || left < 2)) {
      const others = groups.slice(at).reduce((sum, { names }) => sum + names.length, 0);
      const more = `  and ${count(others, 'more node')}; -o wide shows every node`;
      return [...lines, colors.dim(more)].slice(0, room);
    }
    lines.push(...begun(next, left));
  }
  return lines;
}

function begun(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), '    …'];
}

interface Group {
  readonly standing: RolloutStatus;
  readonly text: string;
  readonly names: readonly string[];
}

/** Groups the nodes that need attention and have the same standing and text. */
export function attentionGroups({ attention }: StatusView): readonly Group[] {
  const groups = new Map<string, { standing: RolloutStatus; text: string; names: string[] }>();
  for (const { name, standing, attention: text = '' } of attention) {
    const key = JSON.stringify([standing, text]);
    const group = groups.get(key) ?? { standing, text, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function groupLines({ standing, text, names }: Group, width: number, colors: Colors): readonly string[] {
  const paint = standing === 'failed' ? colors.red : colors.yellow;
  const title = `  ${someNames(names, Math.min(NAMES_WIDTH, width - 12))}  ${paint(standing)}`;
  return [title, ...wrap(clean(text), width - 4).map((line) => `    ${line}`)];
}

function titled(
  title: string,
  paragraphs: readonly string[],
  width: number,
  paint: (text: string) => string = plain,
): readonly string[] {
  const lines = paragraphs.flatMap((text) => wrap(clean(text), Math.max(20, width - TITLE_WIDTH)));
  return lines.map((line, at) => `${(at === 0 ? title : '').padEnd(TITLE_WIDTH)}${paint(line)}`);
}

function plain(text: string): string {
  return text;
}

function indented(paragraphs: readonly string[], width: number): readonly string[] {
  return titled('', paragraphs, width);
}

/** Returns the text in one line, control characters escaped. */
export function clean(text: string): string {
  return printable(text.replaceAll(/\s+/gu, ' '), LONGEST_REASON);
}

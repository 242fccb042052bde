// The plan of a rollout as text.

import { refusedText } from '../../../plan/in-use.ts';
import { OUTCOMES, type NodeForecast, type Outcome } from '../../../rollout/forecast/forecast.ts';
import type { Wave } from '../../../rollout/forecast/waves.ts';
import { count, span } from '../../../text/count.ts';
import { someNames } from '../../../text/names.ts';
import { printable } from '../../../text/quote.ts';
import { wrap } from '../../../text/wrap.ts';
import type { Colors } from '../../colors.ts';
import type { Group, PlanView } from './plan-view.ts';

const TITLES: Readonly<Record<Outcome, string>> = {
  restart: 'kubelet restarts with a new list',
  blocked: 'blocked: pods use a sysctl that would be removed',
  'no restart': 'new revision, no restart',
  nothing: 'nothing changes',
  held: 'cannot be changed now',
};
const OUTCOME_MARKS: Readonly<Record<Outcome, string>> = {
  restart: '↻',
  blocked: '✗',
  'no restart': '·',
  nothing: '·',
  held: '?',
};
const MOST_PODS = 5;
const LONGEST = 1000;

/** Returns the groups, then the order; `diff` lists each group's sysctls. Wraps at `width`; no newline at the end. */
export function planText(
  view: PlanView,
  options: { readonly diff: boolean; readonly width: number },
  colors: Colors,
): string {
  const width = Math.min(options.width, 120);
  const shown = OUTCOMES.filter((outcome) => view.counts[outcome] > 0);
  const paragraphs = [
    view.notes.flatMap((note) => wrap(note, width)).map((line) => colors.yellow(line)),
    ...shown.map((outcome) => outcomeLines(view, outcome, { diff: options.diff, width }, colors)),
    leftOutLines(view, width),
    orderLines(view, width, colors),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function outcomeLines(
  view: PlanView,
  outcome: Outcome,
  { diff, width }: { readonly diff: boolean; readonly width: number },
  colors: Colors,
): readonly string[] {
  const groups = view.groups.filter((group) => group.outcome === outcome);
  const number = count(view.counts[outcome], 'node');
  const paint = {
    restart: colors.cyan,
    blocked: colors.red,
    'no restart': colors.dim,
    nothing: colors.dim,
    held: colors.yellow,
  }[outcome];
  const title = `${paint(OUTCOME_MARKS[outcome])} ${colors.bold(number)}: ${TITLES[outcome]}`;
  const listed = diff || outcome === 'held' ? groups : [{ nodes: groups.flatMap(({ nodes }) => nodes) }];
  const lines = listed.flatMap((group) => [
    `  ${someNames(group.nodes, width - 2)}`,
    ...('added' in group ? groupLines(group, width, colors) : []),
  ]);
  return [title, ...lines, ...podLines(view.nodes, outcome, width)];
}

function groupLines({ added, removed, reason }: Group, width: number, colors: Colors): readonly string[] {
  return [
    ...added.map((item) => colors.green(`    + ${printable(item)}`)),
    ...removed.map((item) => colors.red(`    − ${printable(item)}`)),
    ...(reason === undefined ? [] : indented(reason, width)),
  ];
}

/** Names the pods of the first nodes that block the restart, or that the restart ends. */
function podLines(nodes: readonly NodeForecast[], outcome: Outcome, width: number): readonly string[] {
  const concerned = nodes.filter((node) => node.outcome === outcome && node.pods.length > 0);
  const verb = outcome === 'blocked' ? ' is blocked by' : ': the restart ends';
  const lines = concerned
    .slice(0, MOST_PODS)
    .flatMap(({ name, pods }) => indented(`${name}${verb} ${refusedText(pods)}`, width));
  const more = concerned.length - MOST_PODS;
  return more > 0 ? [...lines, `    and ${count(more, 'more node')} (-o json lists all)`] : lines;
}

function leftOutLines({ nodes }: PlanView, width: number): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { name, leftOut } of nodes) {
    for (const { pattern, message } of leftOut) {
      const key = `${pattern} is left out: ${message}`;
      names.set(key, [...(names.get(key) ?? []), name]);
    }
  }
  return [...names].flatMap(([text, on]) => [
    `Older kubelet on ${someNames(on, width - 18)}:`,
    ...indented(text, width),
  ]);
}

function orderLines(
  { order, maxUnavailable, soakSeconds }: PlanView,
  width: number,
  colors: Colors,
): readonly string[] {
  const [first] = order?.waves ?? [];
  if (order === undefined || first === undefined) return [];
  const lines = order.waves.map(
    (wave, at) => `  ${at + 1}. ${waveText(wave, first, soakSeconds, width - 5)}`,
  );
  const rest =
    order.later === 0
      ? []
      : [`  then ${count(order.later, 'more node')}, at most ${maxUnavailable} at a time`];
  return [colors.bold('Order, if no change fails'), ...lines, ...rest];
}

function waveText(wave: Wave, first: Wave, soakSeconds: number, width: number): string {
  const waited = Math.round((wave.at.getTime() - first.at.getTime()) / 1000);
  const when = waited === 0 ? '' : ` after ${span(waited)}`;
  const soak = wave.canaries && soakSeconds > 0 ? `, watched for ${span(soakSeconds)}` : '';
  const what = wave.canaries ? ` (${wave.nodes.length === 1 ? 'canary' : 'canaries'}${soak})` : '';
  const number = wave.nodes.length > 1 ? `${count(wave.nodes.length, 'node')}: ` : '';
  return `${number}${someNames(wave.nodes, width - when.length - what.length - number.length)}${what}${when}`;
}

function indented(text: string, width: number): readonly string[] {
  return wrap(printable(text.replaceAll(/\s+/gu, ' '), LONGEST), width - 4).map((line) => `    ${line}`);
}

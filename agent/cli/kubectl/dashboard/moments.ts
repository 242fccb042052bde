// What happened in the rollout, found by comparing two statuses. Pure.

import { STANDINGS, type RolloutStatus } from '../../../rollout/fleet.ts';
import { count } from '../../../text/count.ts';
import { firstNames } from '../../../text/names.ts';
import { clean } from '../views/status-text.ts';
import type { StatusView } from '../views/status-view.ts';
import type { Moment } from './messages.ts';

const MOST_MOMENTS = 200;
/** Nodes that come to the same standing within this time are one moment. */
const TOGETHER_MS = 10_000;
const NAMED = 3;

export interface Moments {
  /** Oldest first. */
  readonly all: readonly Moment[];
  /** Those that the last addition added or replaced. */
  readonly fresh: readonly Moment[];
  readonly nextId: number;
  /** The nodes of the last moments, by standing: how many, and the first names. */
  readonly open: readonly Open[];
}

interface Open {
  readonly id: number;
  readonly at: number;
  readonly standing: RolloutStatus;
  readonly total: number;
  readonly names: readonly string[];
}

export const NO_MOMENTS: Moments = { all: [], fresh: [], nextId: 1, open: [] };

/** A status and why it may be stale (empty: it is not). */
export interface Seen {
  readonly view: StatusView;
  readonly trouble: string;
}

/** Returns the moments with those between the two statuses; `before` is undefined for the first status. */
export function withMoments(moments: Moments, before: Seen | undefined, now: Seen, at: number): Moments {
  const start: Moments = { ...moments, fresh: [] };
  const told = [...aboutApi(before, now), ...aboutPolicy(before, now), ...aboutPhase(before, now)];
  const afterFleet = told.reduce((seen, said) => withMoment(seen, { ...said, at }), start);
  return before === undefined ? afterFleet : withNodes(afterFleet, before.view, now.view, at);
}

type Told = Pick<Moment, 'kind' | 'title' | 'text'>;

function aboutApi(before: Seen | undefined, { trouble }: Seen): readonly Told[] {
  const was = before?.trouble ?? '';
  if ((was === '') === (trouble === '')) return [];
  return [
    trouble === ''
      ? { kind: 'phase', title: 'API server', text: 'answers again.' }
      : { kind: 'trouble', title: 'API server', text: trouble },
  ];
}

function aboutPolicy(before: Seen | undefined, { view }: Seen): readonly Told[] {
  if (before === undefined || policyText(before.view) === policyText(view)) return [];
  return [{ kind: 'edit', title: 'Policy', text: policyText(view) }];
}

function policyText({ policy, revisions }: StatusView): string {
  if (!policy.valid) return 'not valid.';
  const named = revisions.slice(0, NAMED).map(({ revision }) => revision);
  const more = revisions.length - named.length;
  return `${policy.mode}${policy.paused ? ', paused' : ''}, ${named.length === 1 ? 'revision' : 'revisions'} ${named.toSorted().join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

function aboutPhase(before: Seen | undefined, { view: { phase, reason } }: Seen): readonly Told[] {
  return before?.view.phase === phase ? [] : [{ kind: 'phase', title: phase, text: clean(reason) }];
}

function withMoment(moments: Moments, moment: Omit<Moment, 'id'>): Moments {
  const added = { ...moment, id: moments.nextId };
  return {
    all: [...moments.all, added].slice(-MOST_MOMENTS),
    fresh: [...moments.fresh, added],
    nextId: moments.nextId + 1,
    // A phase divides: nodes after it are a moment of their own.
    open: [],
  };
}

function withNodes(moments: Moments, before: StatusView, now: StatusView, at: number): Moments {
  const was = new Map(before.verdicts.map(({ name, standing }) => [name, standing]));
  const moved = Map.groupBy(
    now.verdicts.filter(({ name, standing }) => was.has(name) && was.get(name) !== standing),
    ({ standing }) => standing,
  );
  return STANDINGS.filter((standing) => standing !== 'waiting').reduce((seen, standing) => {
    const names = (moved.get(standing) ?? []).map(({ name }) => name);
    return names.length === 0 ? seen : withStanding(seen, standing, names, at);
  }, moments);
}

function withStanding(
  moments: Moments,
  standing: RolloutStatus,
  names: readonly string[],
  at: number,
): Moments {
  const open = moments.open.find((one) => one.standing === standing && at - one.at < TOGETHER_MS);
  const next: Open = {
    id: open?.id ?? moments.nextId,
    at: open?.at ?? at,
    standing,
    total: (open?.total ?? 0) + names.length,
    names: [...(open?.names ?? []), ...names].slice(0, NAMED),
  };
  const moment = momentOf(next);
  const others = (list: readonly Moment[]): readonly Moment[] => list.filter(({ id }) => id !== next.id);
  return {
    all: (open === undefined
      ? [...moments.all, moment]
      : moments.all.map((one) => (one.id === next.id ? moment : one))
    ).slice(-MOST_MOMENTS),
    fresh: [...others(moments.fresh), moment],
    nextId: open === undefined ? moments.nextId + 1 : moments.nextId,
    open: [...moments.open.filter((one) => one.standing !== standing), next],
  };
}

function momentOf({ id, at, standing, total, names }: Open): Moment {
  const more = Array.from({ length: total - names.length }, () => '');
  const title = total === 1 ? standing : `${count(total, 'node')} ${standing}`;
  return { id, at, kind: standing, title, text: firstNames([...names, ...more], names.length) };
}

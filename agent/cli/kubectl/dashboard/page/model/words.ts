// The words and marks of the page. A mark says what a colour says, for who does not see colours. No DOM.

import type { Phase, RolloutStatus } from '../../../../../rollout/fleet.ts';
import type { Head, NodeTile } from '../../messages.ts';

/** What needs a person comes first. */
export const STANDING_ORDER: readonly RolloutStatus[] = [
  'failed',
  'lost',
  'held',
  'changing',
  'waiting',
  'done',
];

export const STANDING_WORDS: Readonly<
  Record<RolloutStatus, { readonly word: string; readonly mark: string }>
> = {
  failed: { word: 'failed', mark: '✕' },
  lost: { word: 'lost', mark: '?' },
  held: { word: 'held', mark: '‖' },
  changing: { word: 'changing', mark: '↻' },
  waiting: { word: 'waiting', mark: '·' },
  done: { word: 'done', mark: '✓' },
};

export const PHASE_MARKS: Readonly<Record<Phase, string>> = {
  Waiting: '·',
  Canary: '↻',
  Soaking: '◷',
  Rolling: '↻',
  Paused: '‖',
  Halted: '✕',
  Done: '✓',
};

/** Returns what a screen reader says of a tile, and what its tooltip shows. */
export function tileText({ name, standing, state, zone, profile, paused, canary }: NodeTile): string {
  const parts = [
    standing,
    state !== '' && state.toLowerCase() !== standing && `state ${state}`,
    paused && 'paused',
    canary && 'canary',
    zone !== '' && `zone ${zone}`,
    profile !== '' && `profile ${profile}`,
  ];
  return `${name}: ${parts.filter((part) => part !== false).join(', ')}`;
}

/** Returns what is announced when the phase changes. */
export function announcement({ phase, reason, counts, nodes }: Head): string {
  return `${phase}: ${counts.done} of ${nodes} nodes done. ${reason}`;
}

/** Returns `12:04:31`, or `31 May 12:04:31` when that is not the day of `now`; in the time of this browser. */
export function clock(at: number, now: Date): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB');
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`;
}

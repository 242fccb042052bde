// The picture as text, for screen readers.

import type { Row, Segment, Timeline } from './model.ts';

/** `Edits: at 0 s B: + name. Rollout: Canary until 4.1 s, … n1: done with list A until 0.3 s, …` */
export function summaryOf({ edits, bands, rows }: Timeline): string {
  const edited = edits.map(({ at, what, lists }) => `at ${at} s ${[...lists, what].join(': ')}`);
  const phases = bands.map(({ phase, to }) => `${phase} until ${to} s`);
  return [
    ...(edited.length === 0 ? [] : [`Edits: ${edited.join('; ')}.`]),
    ...(phases.length === 0 ? [] : [`Rollout: ${phases.join(', ')}.`]),
    ...rows.map(rowText),
  ].join(' ');
}

function rowText({ node, segments }: Row): string {
  return `${node}: ${segments.map(segmentText).join(', ')}.`;
}

function segmentText({ appearance, list, to }: Segment): string {
  return `${appearance}${list === undefined ? '' : ` with list ${list}`} until ${to} s`;
}

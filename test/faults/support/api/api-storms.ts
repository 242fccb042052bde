// What an API server may do for a while, and how soon an agent is right after it.

import * as faults from './api-faults.ts';
import { byLength } from '../length.ts';
import { meetAnew, type RideOut } from './scene.ts';

export interface Storm extends RideOut {
  readonly name: string;
  /** From the return to the next question about the policy; else ASKED_WITHIN_MS. */
  readonly askedWithinMs?: number;
}

export const STORM_MS = byLength({ short: 4000, long: 120_000 });
/** The longest pause between two tries is 10 s; timers of a busy machine come late. */
export const ASKED_WITHIN_MS = 13_000;
/** On a busy machine the change that follows takes its time. */
export const SECONDS_MS = 30_000;
/** The time after which the agent retries an unanswered request. */
const UNANSWERED_MS = 16_000;
/** A report that was refused is retried after at most this time; the watches, which live, cannot tell when. */
const REPORT_PAUSE_MS = 10_000;

const STORM = { lastsMs: STORM_MS, rightWithinMs: SECONDS_MS };

export const STORMS: readonly Storm[] = [
  { ...STORM, name: 'connections cut as soon as they ask', begin: meetAnew(faults.hangUp) },
  { ...STORM, name: '503 storm', begin: meetAnew(faults.refused(503, 'ServiceUnavailable')) },
  {
    ...STORM,
    name: '503 for writes alone',
    begin: meetAnew(faults.writesRefused(503, 'ServiceUnavailable')),
    rightWithinMs: SECONDS_MS + REPORT_PAUSE_MS,
  },
  {
    ...STORM,
    name: '429 storm, Retry-After 1 s',
    begin: meetAnew(faults.refused(429, 'TooManyRequests', { 'retry-after': '1' })),
  },
  {
    ...STORM,
    name: 'pages of HTML with 500 and 200',
    begin: meetAnew(faults.inTurn(faults.page(500), faults.page(200))),
  },
  { ...STORM, name: 'JSON that ends in the middle', begin: meetAnew(faults.halved) },
  { ...STORM, name: '410 for every watch', begin: meetAnew(faults.gone()) },
  { ...STORM, name: 'writes whose answers are lost', begin: meetAnew(faults.lostAnswers) },
  {
    ...STORM,
    name: 'requests never answered',
    begin: meetAnew(faults.neverAnswer),
    askedWithinMs: UNANSWERED_MS + ASKED_WITHIN_MS,
    rightWithinMs: SECONDS_MS + UNANSWERED_MS,
  },
];

/**
 * Two watches, each asking every 5 s in the mean from the seventh try on; by chance alone some more come. A try is two requests
 * at most: a list and a watch, or one with the token and one with the token read again.
 */
export function mostRequests(lastsMs: number): number {
  return 4 * (14 + Math.ceil(lastsMs / 2500));
}

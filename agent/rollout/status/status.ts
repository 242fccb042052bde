// The rollout's status for people and programs: the keys of the ConfigMap kubelet-sysctls-status.

import * as v from 'valibot';
import { shorten } from '../../report/shorten.ts';
import { STANDINGS, type NodeVerdict, type RolloutDecision } from '../fleet.ts';
import { VERSION } from '../../text/version.ts';
import { countOf } from '../decision/many.ts';
import type { Told } from './events.ts';
import { placesText } from './places.ts';
import { countsOf } from './progress.ts';

/** Far below the 1 MiB that a ConfigMap holds. */
const MAX_LINES = 50;
const MAX_LINE_BYTES = 1024;

const TOLD = v.object({
  told: v.object({
    rollout: v.string(),
    started: v.boolean(),
    canary: v.boolean(),
    canaryPassed: v.boolean(),
    halted: v.boolean(),
    done: v.boolean(),
  }),
});

/** Returns all keys except the time, so that equal data needs no write. */
export function statusData(decision: RolloutDecision, told: Told | undefined): Record<string, string> {
  const counts = countsOf(decision);
  return {
    phase: decision.phase,
    reason: decision.reason,
    progress: progressText(decision),
    places: placesText(decision),
    attention: attentionText(decision.nodes),
    version: VERSION,
    'status.json': JSON.stringify({
      phase: decision.phase,
      reason: decision.reason,
      nodes: decision.nodes.length,
      ...counts,
      unavailable: countOf(decision.nodes, ({ unavailable }) => unavailable),
      maxUnavailable: decision.maxUnavailable,
      holders: decision.holders.slice(0, MAX_LINES),
      nextWakeup: decision.nextWakeup?.toISOString(),
      told,
    }),
  };
}

/** Returns which Events an earlier coordinator posted, from its status; undefined: the status has none or is not valid. */
export function toldIn(data: Readonly<Record<string, string>>): Told | undefined {
  try {
    return v.parse(TOLD, JSON.parse(data['status.json'] ?? '')).told;
  } catch {
    return undefined;
  }
}

/** `12/40 done, 3 changing, 25 waiting`. */
export function progressText(decision: RolloutDecision): string {
  const counts = countsOf(decision);
  const others = STANDINGS.filter((standing) => standing !== 'done' && counts[standing] > 0);
  return [
    `${counts.done}/${decision.nodes.length} done`,
    ...others.map((name) => `${counts[name]} ${name}`),
  ].join(', ');
}

/** One line per node; failed nodes first. */
function attentionText(nodes: readonly NodeVerdict[]): string {
  const lines = nodes
    .filter(({ attention }) => attention !== undefined)
    .toSorted((one, other) => Number(other.standing === 'failed') - Number(one.standing === 'failed'))
    .map(({ name, attention }) => `${name}: ${attention?.replaceAll(/\s+/gu, ' ')}`);
  const shown = lines.slice(0, MAX_LINES).map((line) => shorten(line, MAX_LINE_BYTES));
  const more = lines.length - shown.length;
  return (more > 0 ? [...shown, `and ${more} more`] : shown).join('\n');
}

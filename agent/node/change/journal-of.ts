// The journal of a change that begins now.

import { printCsv } from '../../kubelet/flags/csv.ts';
import { ALLOWED_FLAG, allowedByFlags, parseFlags } from '../../kubelet/flags/flags.ts';
import type { FlagEdit } from '../../plan/revert.ts';
import { sha256Of } from '../../text/hash.ts';
import type { DueChange } from './due-change.ts';
import { epochOf, isTakenOut } from '../decide/revert-detection.ts';
import { failureKey } from '../decide/fingerprint.ts';
import type { Journal } from '../state/journal.ts';
import { committedPart } from '../state/state-store.ts';
import { originalsAfter } from '../state/original-file.ts';

/** Returns what the agent, the timer or the boot unit needs to complete or undo the change. */
export function journalOf(
  {
    situation,
    observation,
    decision,
    change,
  }: Pick<DueChange, 'situation' | 'observation' | 'decision' | 'change'>,
  at: Date,
): Journal {
  const { plan, desired } = change;
  const { file, before, after } = plan;
  const { resourceVersion } = situation;
  const originals = originalsAfter(decision.agentState, plan);
  const epoch = epochOf({ observation, desired });
  return {
    unit: observation.status.name,
    invocation: observation.status.invocationId,
    file,
    before,
    after: sha256Of(after),
    flag: flagEdit(plan.words),
    variable: plan.variable ?? null,
    healthz: observation.healthz ?? null,
    desired: plan.desired,
    profiles: desired.profiles,
    nodeSoakSeconds: situation.view.policy?.settings.nodeSoakSeconds ?? 0,
    situation: failureKey(observation, desired.revision),
    past: {
      at: at.toISOString(),
      reason: plan.reason,
      revision: desired.revision,
      ...(resourceVersion !== undefined && { resourceVersion }),
      file,
      before: sha256Of(before),
      after: sha256Of(after),
      from: observation.running ?? [],
      to: plan.configured.after,
      kubelet: epoch.kubelet,
      ...(epoch.boot !== undefined && { boot: epoch.boot }),
      takenOut: isTakenOut(decision.agentState, epoch, plan, at),
    },
    // Of a change of the agent's drop-in, no environment file can have a part.
    others: (plan.variable === undefined ? [] : observation.unit.environmentFiles)
      .filter(({ path }) => path !== file)
      .map(({ path, content }) => ({
        path,
        bytes: content === undefined ? null : Buffer.from(content).toString('base64'),
      })),
    remembered: committedPart(decision.agentState),
    lastApplied: plan.remember,
    ...(originals && { originals }),
  };
}

function flagEdit(words: {
  readonly before: readonly string[];
  readonly after: readonly string[];
}): FlagEdit {
  return { before: flagWord(words.before), after: flagWord(words.after) };
}

function flagWord(words: readonly string[]): string | undefined {
  const list = allowedByFlags(parseFlags(words));
  return list && `--${ALLOWED_FLAG}=${printCsv(list)}`;
}

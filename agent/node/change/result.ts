// The agent's state after a change.

import type { ChangeResult } from './execute.ts';
import { type Instant, withStarts } from '../decide/start-limit.ts';
import { NOT_OBSERVED } from '../decide/failure-backoff.ts';
import type { Journal } from '../state/journal.ts';
import { type AgentState, type PastChange, withPastChange } from '../state/state-store.ts';

/** Returns the state after a change with this result; unchanged when it was aborted or when the host still undoes it. */
export function afterChange(
  agentState: AgentState,
  journal: Journal,
  result: ChangeResult,
  at: Instant,
): AgentState {
  switch (result.kind) {
    case 'done': {
      const next = withStarts(agentState, journal.past, result.proof === undefined ? 0 : 1, at);
      return afterDone(next, journal, result.note, at.now);
    }
    case 'stopped':
      return afterUndone(withStarts(agentState, journal.past, 1, at), journal, result.why);
    case 'aborted':
    case 'undone-by-host':
      return agentState;
    case 'rolled-back':
      return afterFailure(agentState, journal, { ...result, result: 'RolledBack', at });
    case 'stuck':
      return afterFailure(agentState, journal, { ...result, result: 'Stuck', at });
  }
}

/** Returns the state after a change that was undone before the kubelet started with it, or that another party replaced; it may be retried at once. */
export function afterUndone(agentState: AgentState, journal: Journal, why: string): AgentState {
  // What another party had taken out before it is still missing: the next change counts that.
  const past: PastChange = { ...journal.past, takenOut: false, result: 'Undone', why };
  return withPastChange(asBefore(agentState, journal), past);
}

/** Returns the state after a failed change; in the same situation the agent waits before it retries. */
export function afterFailure(
  agentState: AgentState,
  journal: Journal,
  { result, why, starts, at, takenOut = false }: FailedChange,
): AgentState {
  const {
    situation,
    past: { revision },
  } = journal;
  const isKnown = agentState.history?.some((past) => past.at === journal.past.at && past.result === result);
  if (isKnown === true && agentState.failure?.revision === revision) {
    return agentState;
  }
  // Its first start was counted when it was saved as done.
  const counted = agentState.history?.some((past) => past.at === journal.past.at && past.result === 'Done');
  const added = Math.max(0, starts - (counted === true ? 1 : 0));
  const attempts = agentState.failure?.situation === situation ? agentState.failure.attempts + 1 : 1;
  const message = `The change failed ${ENDINGS[result]}: ${why}.${result === 'Stuck' ? ` ${nextStep(journal)}` : ''}`;
  return withPastChange(
    {
      ...asBefore(withStarts(agentState, journal.past, added, at), journal),
      failure: {
        // The kubelet's start may have edited its files: the next observation records the situation of the failure.
        situation: result === 'Undone' ? situation : NOT_OBSERVED,
        revision,
        attempts,
        at: at.now.toISOString(),
        message,
      },
    },
    { ...journal.past, result, why, takenOut },
  );
}

interface FailedChange {
  readonly result: Failed;
  readonly why: string;
  /** How often the kubelet was started for it. */
  readonly starts: number;
  readonly at: Instant;
  readonly takenOut?: boolean;
}

type Failed = Exclude<PastChange['result'], 'Done'>;

const ENDINGS: Readonly<Record<Failed, string>> = {
  RolledBack: 'and was rolled back',
  Stuck: 'and could not be rolled back to a healthy kubelet',
  Undone: 'and was undone by the node itself',
};

function afterDone(
  { original: old, ...agentState }: AgentState,
  journal: Journal,
  note: string | undefined,
  at: Date,
): AgentState {
  const { lastApplied, originals, original = old, profiles } = journal;
  const files = originals === undefined ? original && { original } : { originals };
  return withPastChange(
    {
      ...agentState,
      lastApplied,
      lastChange: at.toISOString(),
      ...files,
      ...(profiles && { profiles }),
    },
    { ...journal.past, result: 'Done', ...(note !== undefined && { why: note }) },
  );
}

/** state.json may say "done" although the journal was not committed. */
function asBefore(
  { policy, profiles, failure, history, retryAskedAt, started, starts }: AgentState,
  { remembered }: Journal,
): AgentState {
  return {
    version: 1,
    ...remembered,
    ...(policy !== undefined && { policy }),
    ...(profiles !== undefined && { profiles }),
    ...(failure !== undefined && { failure }),
    ...(history !== undefined && { history }),
    ...(retryAskedAt !== undefined && { retryAskedAt }),
    ...(started !== undefined && { started }),
    ...(starts !== undefined && { starts }),
  };
}

function nextStep({ file, unit }: Journal): string {
  return `${file} no longer holds the change, and the kubelet is not healthy without it either: the list is not the cause. On the node: read \`journalctl -u ${unit}\`, fix what it names, then \`systemctl restart ${unit}\`.`;
}

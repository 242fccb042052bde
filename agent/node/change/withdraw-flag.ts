// Takes our flag out of the file for a kubelet that does not start with it.

import { ChangedFileError } from '../changed-file.ts';
import type { Decision } from '../decide/decide.ts';
import { NOT_OBSERVED } from '../decide/failure-backoff.ts';
import { withdrawnReason } from '../decide/refused-flag.ts';
import { withStarts } from '../decide/start-limit.ts';
import { originalsAfter } from '../state/original-file.ts';
import { type AgentState, withPastChange } from '../state/state-store.ts';
import { type ApplyPorts, withdrawLabels } from './apply.ts';
import type { DueChange } from './due-change.ts';
import { journalOf } from './journal-of.ts';
import { restartOrStartFailed } from './restart.ts';

/**
 * Writes the file without the flag, then starts a kubelet that has failed; one that was stopped stays stopped, and one that still runs is
 * not restarted. Not a transaction: no kubelet starts with the old bytes, so there is nothing to roll back to.
 */
export async function withdrawFlag(
  ports: Pick<ApplyPorts, 'files' | 'systemd' | 'stateStore' | 'state' | 'clock' | 'publisher' | 'log'>,
  due: DueChange,
): Promise<Decision> {
  const { decision, change, observation } = due;
  const { plan } = change;
  const { name, activeState } = observation.status;
  const again = { ...decision, change: undefined, guarded: undefined, retryAt: ports.clock.now() };
  const expected = { content: plan.before };
  try {
    await (plan.after === undefined
      ? ports.files.remove(plan.file, { expected })
      : ports.files.writeAtomic(plan.file, plan.after, { expected }));
  } catch (error) {
    if (error instanceof ChangedFileError) {
      return again;
    }
    throw error;
  }
  ports.log.warn({ file: plan.file }, withdrawnReason(observation, plan));
  const starts = !observation.runs && activeState !== 'inactive';
  if (starts) {
    // The kubelet is down: its start must not depend on the API server.
    await withdrawLabels(ports, due).catch((error: unknown) =>
      ports.log.warn({ err: error }, "The node's labels could not be removed"),
    );
  }
  const agentState = stateAfter(due, ports.clock, starts ? 1 : 0);
  await ports.stateStore.save(agentState);
  ports.state.replace(agentState);
  if (starts) {
    await restartOrStartFailed(ports.systemd, name);
  }
  return again;
}

/** The failure keeps the agent from adding the flag again at once where only the log of the kubelet shows that it is refused. */
function stateAfter(due: DueChange, clock: ApplyPorts['clock'], starts: number): AgentState {
  const { change, decision, observation } = due;
  const { plan, desired } = change;
  const now = clock.now();
  const at = now.toISOString();
  const message = withdrawnReason(observation, plan);
  const { past } = journalOf(due, now);
  const originals = originalsAfter(decision.agentState, plan);
  const { original, failure, ...agentState } = decision.agentState;
  return withPastChange(
    {
      ...withStarts(agentState, past, starts, { now, monotonicMs: clock.monotonicMs() }),
      lastApplied: plan.remember,
      lastChange: at,
      ...(originals === undefined ? original && { original } : { originals }),
      failure: {
        situation: NOT_OBSERVED,
        revision: desired.revision,
        attempts: failure?.revision === desired.revision ? failure.attempts + 1 : 1,
        at,
        message,
      },
    },
    { ...past, takenOut: false, result: 'Done', why: message },
  );
}

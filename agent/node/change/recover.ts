// Recovery at the agent's start: completes an interrupted change when the kubelet can be verified with it, else undoes it.

import { settleAll } from '../../time/settle.ts';
import { sha256Of } from '../../text/hash.ts';
import { commit } from './arm.ts';
import { type ChangePorts, resumeVerification } from './execute.ts';
import type { Journal } from '../state/journal.ts';
import { type AgentState, EMPTY_STATE, type OpenChange } from '../state/state-store.ts';
import { UNIT } from '../observe/start/unit.ts';
import { afterChange, afterFailure, afterUndone } from './result.ts';
import { holdsChange } from './restore.ts';
import { rollBack } from './rollback.ts';
import { type Instant, withStarts } from '../decide/start-limit.ts';

const SCRIPT_TRIES = 60;
const SCRIPT_INTERVAL_MS = 1000;
const HEALTHZ_TIMEOUT_MS = 2000;
/** The agent's start of the kubelet with the change, and the undo script's without it. */
const STARTS_OF_SCRIPT = 2;

const UNDONE_BECAUSE = {
  timer: 'the agent did not complete it in time',
  boot: 'the node went down during the change',
} as const;

/**
 * Returns the agent's state after it has ended an open change: a change that the running kubelet was started with is verified, soaked
 * and committed; any other is undone. Removes its timer and boot unit. Throws a RollBackError when the old bytes could not be restored, and
 * an UndoneByHostError when the host began to undo it meanwhile.
 */
export async function recover(ports: ChangePorts): Promise<AgentState> {
  const agentState = await ports.stateStore.load();
  const open = await openChange(ports);
  await tidy(ports, open);
  if (open === undefined) {
    await ports.rollbackTimer.disarm(UNIT);
    if (agentState === EMPTY_STATE) {
      await ports.stateStore.save(agentState);
    }
    return agentState;
  }
  const next = await ended(ports, agentState, open);
  await ports.stateStore.save(next);
  await forget(ports, open);
  return next;
}

/** Removes temporary files of interrupted writes, also of writes before there was a journal. */
async function tidy(
  { systemd, files, stateStore }: ChangePorts,
  open: OpenChange | undefined,
): Promise<void> {
  const { environmentFiles } = await systemd.status(open?.journal.unit ?? UNIT);
  const paths = [...environmentFiles.map(({ path }) => path), ...(open ? [open.journal.file] : [])];
  await settleAll([stateStore.tidy(), ...[...new Set(paths)].map((path) => files.tidy(path))]);
}

async function forget(ports: ChangePorts, { journal, holder }: OpenChange): Promise<void> {
  if (holder !== 'unclaimed') {
    await ports.stateStore.forgetUndone();
    await ports.rollbackTimer.disarm(journal.unit);
  } else if (!(await commit(ports, journal))) {
    throw new Error('The host began to undo the change while the agent completed it; the agent retries.');
  }
}

/** Waits for the host's undo script, if it runs, before it returns the open change. */
async function openChange({
  stateStore,
  rollbackTimer,
  clock,
}: ChangePorts): Promise<OpenChange | undefined> {
  for (let tries = SCRIPT_TRIES; ; tries -= 1) {
    const open = await stateStore.open();
    if (open?.holder !== 'script' || tries === 0 || !(await rollbackTimer.undoing())) {
      return open;
    }
    await clock.sleep(SCRIPT_INTERVAL_MS);
  }
}

async function ended(ports: ChangePorts, agentState: AgentState, open: OpenChange): Promise<AgentState> {
  const { journal, holder } = open;
  if (holder === 'timer' || holder === 'boot') {
    return afterFailure(agentState, journal, {
      result: 'Undone',
      why: UNDONE_BECAUSE[holder],
      // At a boot only systemd starts the kubelet.
      starts: holder === 'timer' ? STARTS_OF_SCRIPT : 0,
      at: instantOf(ports),
    });
  }
  const { invocationId } = await ports.systemd.status(journal.unit);
  const restarted = invocationId !== journal.invocation;
  const before = sha256Of(journal.before);
  const found = sha256Of(await ports.files.read(journal.file));
  if (await holdsChange(ports, journal)) {
    return restarted
      ? completed(ports, agentState, open)
      : undone(ports, agentState, open, 'the agent ended');
  }
  const why =
    found === before
      ? 'the agent ended during the change'
      : `another party wrote ${journal.file} during the change`;
  const needsRestart = restarted && before !== journal.after && !(await isHealthy(ports, journal));
  return needsRestart ? undone(ports, agentState, open, why) : afterUndone(agentState, journal, why);
}

async function completed(ports: ChangePorts, agentState: AgentState, open: OpenChange): Promise<AgentState> {
  const result = await resumeVerification(ports, open);
  return afterChange(agentState, open.journal, result, instantOf(ports));
}

function instantOf({ clock }: Pick<ChangePorts, 'clock'>): Instant {
  return { now: clock.now(), monotonicMs: clock.monotonicMs() };
}

/** Rolls back. A kubelet that was not started with the change is not restarted, and no failure is recorded. */
async function undone(
  ports: ChangePorts,
  agentState: AgentState,
  open: OpenChange,
  why: string,
): Promise<AgentState> {
  const { journal } = open;
  const result = await rollBack(ports, open, why);
  return result.kind === 'stuck'
    ? afterChange(agentState, journal, result, instantOf(ports))
    : afterUndone(withStarts(agentState, journal.past, result.starts, instantOf(ports)), journal, why);
}

async function isHealthy({ health }: ChangePorts, { healthz }: Journal): Promise<boolean> {
  return healthz === null || health.ok(healthz.address, healthz.port, HEALTHZ_TIMEOUT_MS);
}

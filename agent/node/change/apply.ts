// Carries out a decided change, then saves, commits and reports the result.

import { withDropIn, type ConfigSources } from '../../kubelet/config.ts';
import { withContent } from '../../plan/carried/carried.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { ROLLBACK_INCOMPLETE } from '../../names.ts';
import { commit } from './arm.ts';
import { decide, planNode, type Decision } from '../decide/decide.ts';
import type { DueChange } from './due-change.ts';
import { type ChangePorts, type ChangeResult, executeChange, type Verified } from './execute.ts';
import { blockReason, concernedBy, ONLY_ADDS, type PodList } from '../decide/pod-guard.ts';
import type { Journal } from '../state/journal.ts';
import { journalOf } from './journal-of.ts';
import { type AgentState, EMPTY_STATE } from '../state/state-store.ts';
import type { NodeState } from '../state/node-state.ts';
import type { Observation } from '../observe/observe.ts';
import { afterChange } from './result.ts';
import type { Cluster } from '../ports.ts';
import type { NodeReport } from '../../report/annotations.ts';
import type { Publisher } from '../report/publisher.ts';
import { RollBackError } from './rollback.ts';
import type { WorkingReport } from '../report/working-report.ts';
import type { AgentLog } from '../../report/log.ts';

export interface ApplyPorts extends ChangePorts {
  readonly cluster: Cluster;
  readonly publisher: Publisher;
  readonly working: WorkingReport;
  readonly state: NodeState;
  readonly log: AgentLog;
}

/** Returns the decision after the change, once it is saved, committed and reported. Rejects when the change could not be begun, saved or reported. */
export async function applyChange(ports: ApplyPorts, due: DueChange): Promise<Decision> {
  const { situation, decision, change } = due;
  ports.log.info({ file: change.plan.file, restart: change.restart }, change.plan.reason);
  if (change.restart) {
    await withdrawLabels(ports, due);
  }
  const journal = journalOf(due, ports.clock.now());
  let { pods } = situation;
  // Until the change is committed, only the files on the disk show how far it got.
  ports.state.replace(undefined);
  ports.working.begin(decision.report);
  try {
    const result = await executeChange(ports, {
      journal,
      after: change.plan.after,
      restart: change.restart,
      mayRestart: async () => {
        const { guarded } = decision;
        const proceeds = situation.view.policy?.settings.inUse === 'Proceed';
        // The API server did not answer a moment ago: do not wait for it again.
        if (guarded === undefined || proceeds || (pods !== undefined && pods.kind !== 'seen')) {
          return true;
        }
        pods = await due.latestPods(guarded);
        return blockReason(pods, guarded) === undefined;
      },
      onVerified: (proof, tookMs) => {
        const { name, invocationId } = proof.status;
        const message = `${name} was restarted and is healthy after ${Math.round(tookMs)} ms`;
        ports.log.info({ tookMs, invocation: invocationId }, message);
        reportVerified(ports, due, proof);
      },
      concernedPods: () => (decision.guarded ? pods && concernedBy(pods, decision.guarded) : ONLY_ADDS),
    });
    return await finish(ports, due, journal, result, pods);
  } catch (error) {
    if (error instanceof RollBackError) {
      return await leaveOpen(ports, due, journal, error);
    }
    throw error;
  } finally {
    ports.working.end();
  }
}

/**
 * Removes the labels of what the restart may withdraw, before the pods are listed for the last time: the scheduler then binds no further
 * pod for them. Rejects when the API server did not take it: the restart must wait.
 */
export async function withdrawLabels(
  { publisher }: Pick<ApplyPorts, 'publisher'>,
  { observation: { running }, decision }: Pick<DueChange, 'observation' | 'decision'>,
): Promise<void> {
  await publisher.withdrawLabels(decision.report, running === undefined ? () => true : coverageOf(running));
}

/** Saves the result, commits, then reports, so that the report is never ahead of the disk. */
async function finish(
  ports: ApplyPorts,
  due: DueChange,
  journal: Journal,
  result: ChangeResult,
  pods: PodList | undefined,
): Promise<Decision> {
  ports.working.end();
  const now = ports.clock.now();
  const observation = observationAfter(due, result);
  const agentState = afterChange(due.decision.agentState, journal, result, {
    now,
    monotonicMs: ports.clock.monotonicMs(),
  });
  const situation = { ...due.situation, pods, observation, agentState, now };
  const next = decide(situation, planNode(situation));
  if (next.report.state === 'Degraded') {
    ports.log.warn({}, next.report.reason);
  }
  const again = { ...next, change: undefined, guarded: undefined, retryAt: now };
  if (result.kind === 'undone-by-host' || !(await saveAndCommit(ports, next.agentState, journal))) {
    // The next pass takes over from the host's script.
    return again;
  }
  ports.state.replace(next.agentState);
  if (next.change !== undefined) {
    // The change was aborted because the file has changed: plan it again.
    return again;
  }
  await ports.publisher.publish(next.report);
  return next;
}

/** False when the host has begun to undo the change. */
async function saveAndCommit(ports: ApplyPorts, agentState: AgentState, journal: Journal): Promise<boolean> {
  if (agentState !== EMPTY_STATE) {
    await ports.stateStore.save(agentState);
    return commit(ports, journal);
  }
  const committed = await commit(ports, journal);
  // Saving an empty state removes the folder, and an open journal with it.
  if (committed) {
    await ports.stateStore.save(agentState);
  }
  return committed;
}

/** The config files as the change leaves them. */
function configAfter({ observation, change }: Pick<DueChange, 'observation' | 'change'>): ConfigSources {
  const { config } = observation;
  const { variable, file, after } = change.plan;
  return variable === undefined ? withDropIn(config, file, after) : config;
}

/** The node as the change has left it, where it was not rolled back. */
function observationAfter(
  { observation, change }: Pick<DueChange, 'observation' | 'change'>,
  result: ChangeResult,
): Observation {
  if (result.kind !== 'done') {
    return result.kind === 'stuck' ? { ...observation, healthy: false } : observation;
  }
  const { proof } = result;
  const { file, after } = change.plan;
  const { unit, pending } = observation;
  const config = proof?.config ?? configAfter({ observation, change });
  return {
    ...observation,
    config,
    unit: withContent(unit, file, after),
    pending: pending && { ...pending, unit: withContent(pending.unit, file, after) },
    written: observation.written.map((entry) => (entry.path === file ? { ...entry, content: after } : entry)),
    ...(proof && {
      status: proof.status,
      running: proof.running,
      runs: true,
      argv: proof.argv,
      changedSince: [],
      healthy: true,
      // It was watched for as long as the policy asks.
      uptimeMs: Infinity,
    }),
  };
}

/** Reports the new running list before the soak ends. */
function reportVerified(ports: ApplyPorts, due: DueChange, proof: Verified): void {
  const { decision, change } = due;
  const seconds = due.situation.view.policy?.settings.nodeSoakSeconds ?? 0;
  if (seconds === 0) {
    return;
  }
  ports.working.end();
  const observation = observationAfter(due, { kind: 'done', proof, note: undefined });
  const agentState = { ...decision.agentState, lastApplied: change.plan.remember };
  const situation = { ...due.situation, observation, agentState, now: ports.clock.now() };
  const { report } = decide(situation, planNode(situation));
  // A label is added only when the change can no longer be rolled back.
  const { appliedRevision, failedRevision, allows } = decision.report;
  const reason = `Verified; watched for ${seconds} s before the change counts as done: ${change.plan.reason}`;
  ports.publisher
    .publish({ ...report, state: 'Working', reason, appliedRevision, failedRevision, allows })
    .catch((error: unknown) => ports.log.warn({ err: error }, 'The new list could not be reported'));
}

const RETRY_MS = 5000;

/** Keeps journal and timer: the next pass retries, and the host undoes the change when the timer expires. */
async function leaveOpen(
  ports: ApplyPorts,
  { decision, change }: DueChange,
  { unit, file, before }: Journal,
  error: RollBackError,
): Promise<Decision> {
  ports.working.end();
  const byHand =
    before === undefined
      ? `rm ${file}`
      : await ports.stateStore.backUp(before).then(
          (backup) => `cp ${backup} ${file}`,
          () => `put the old lines back into ${file}`,
        );
  const reason =
    `The change failed: ${error.message}. The agent retries. ` +
    `By hand, on the node: ${byHand}, then systemctl restart ${unit}.`;
  ports.log.warn({ err: error }, reason);
  const failedRevision = change.desired.revision;
  const report: NodeReport = {
    ...decision.report,
    state: 'Degraded',
    reason,
    reasonCode: ROLLBACK_INCOMPLETE,
    failedRevision,
  };
  await ports.publisher.publish(report);
  const retryAt = new Date(ports.clock.now().getTime() + RETRY_MS);
  return { ...decision, report, change: undefined, guarded: undefined, retryAt };
}

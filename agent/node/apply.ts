// A decided change carried out, and what came of it remembered and told.

import { runningAllowances } from '../kubelet/running.ts';
import type { KubeletUnit } from '../kubelet/unit.ts';
import type { Restart } from '../plan/in-use.ts';
import { sha256Of } from '../text/hash.ts';
import {
  carryOut,
  type ChangePorts,
  type ChangeResult,
  commit,
  type Proven,
  RollBackError,
} from './change.ts';
import { decide, type Decision, type Situation } from './decide.ts';
import type { EarlyBegin } from './early-begin.ts';
import { situationOf } from './fingerprint.ts';
import { endedBy, objection, type PodsLook } from './guard.ts';
import type { Journal } from './journal.ts';
import { committedPart, type Memory, NOTHING_REMEMBERED } from './memory.ts';
import type { Observation } from './observe.ts';
import { originalAfter } from './original.ts';
import { afterChange } from './outcome.ts';
import type { AgentLog, Cluster, NodeObject } from './ports.ts';
import type { Publisher } from './publish.ts';
import type { WorkingReport } from './working.ts';

export interface ApplyPorts extends ChangePorts {
  readonly cluster: Cluster;
  readonly publisher: Publisher;
  readonly working: WorkingReport;
  readonly early: EarlyBegin;
  readonly log: AgentLog;
}

export type DueChange = NonNullable<Decision['change']>;

export interface Due {
  readonly node: NodeObject;
  readonly situation: Situation;
  readonly look: Observation;
  readonly decision: Decision;
  readonly change: DueChange;
  /** Of the ConfigMap. */
  readonly resourceVersion: string | undefined;
  /** Asks for the pods anew, of etcd. */
  readonly latestPods: (restart: Restart) => Promise<PodsLook>;
}

export interface Applied {
  /** What follows, all of it told. */
  readonly next: Decision;
  /** undefined: a change was left open, and is to be ended by the next look. */
  readonly memory: Memory | undefined;
}

/** Never rejects for what the change did; rejects when it could not be begun, remembered or told. */
export async function apply(ports: ApplyPorts, due: Due): Promise<Applied> {
  const { situation, look, decision, change } = due;
  ports.log.info({ file: change.plan.file, restart: change.restart }, change.plan.reason);
  const { journal, begun, write } = await ports.early.take(
    journalOf(due, ports.clock.now()),
    change.plan.after,
  );
  let pods = situation.pods;
  try {
    ports.working.begin(decision.report);
    const result = await carryOut(ports, {
      journal,
      begun,
      write,
      config: look.config,
      restart: change.restart,
      mayRestart: async () => {
        const { guarded } = decision;
        const proceeds = situation.view.policy?.settings.inUse === 'Proceed';
        // An API server that was not there a moment ago is not waited for twice.
        const known = proceeds || pods?.kind === 'unknown';
        if (guarded === undefined || known) {
          return true;
        }
        pods = await due.latestPods(guarded);
        return objection(pods, guarded) === undefined;
      },
      onProven: (proof, tookMs) => {
        const { name, invocationId } = proof.status;
        const message = `${name} was restarted and is healthy after ${Math.round(tookMs)} ms`;
        ports.log.info({ tookMs, invocation: invocationId }, message);
        tellProven(ports, due, proof);
      },
      endedPods: () => (decision.guarded ? pods && endedBy(pods, decision.guarded) : new Set()),
    });
    ports.working.end();
    const at = ports.clock.now();
    const memory = afterChange(decision.memory, journal, result, at);
    const decided = decide({ ...situation, pods, look: lookAfter(due, result), memory, now: at });
    // What held it is looked at anew: the pods at their time, a file that somebody else wrote at once.
    const next = result.kind === 'held' ? { ...decided, retryAt: at } : decided;
    if (next.report.state === 'Degraded') {
      ports.log.warn({}, next.report.reason);
    }
    const [committed] = await Promise.all([
      rememberAndCommit(ports, next.memory, journal),
      ports.publisher.publish(next.report),
    ]);
    return committed
      ? { next, memory: next.memory }
      : { next: { ...next, guarded: undefined, retryAt: at }, memory: undefined };
  } catch (error) {
    ports.working.end();
    if (error instanceof RollBackError) {
      return leftOpen(ports, due, journal, error);
    }
    throw error;
  }
}

/** False when the host has begun to undo the change. */
async function rememberAndCommit(ports: ApplyPorts, memory: Memory, journal: Journal): Promise<boolean> {
  if (memory !== NOTHING_REMEMBERED) {
    await ports.memory.save(memory);
    return commit(ports, journal);
  }
  const committed = await commit(ports, journal);
  // The folder goes with all that is in it, an open journal too.
  if (committed) {
    await ports.memory.save(memory);
  }
  return committed;
}

/** The journal of a change that begins now. */
export function journalOf(
  {
    situation,
    look,
    decision,
    change,
    resourceVersion,
  }: Pick<Due, 'situation' | 'look' | 'decision' | 'change' | 'resourceVersion'>,
  at: Date,
): Journal {
  const { plan, desired } = change;
  const { file, before, after } = plan;
  const original = originalAfter(decision.memory, plan);
  return {
    unit: look.status.name,
    invocation: look.status.invocationId,
    file,
    before,
    after: sha256Of(after),
    healthz: look.healthz ?? null,
    desired: plan.desired,
    nodeSoakSeconds: situation.view.policy?.settings.nodeSoakSeconds ?? 0,
    situation: situationOf(look, desired.revision),
    past: {
      at: at.toISOString(),
      reason: plan.reason,
      revision: desired.revision,
      ...(resourceVersion !== undefined && { resourceVersion }),
      file,
      before: sha256Of(before),
      after: sha256Of(after),
      from: look.running ?? [],
      to: plan.configured.after,
    },
    remembered: committedPart(decision.memory),
    lastApplied: plan.remember,
    ...(original && { original }),
  };
}

/** The node as the change has left it, where it was not put back to what it was. */
function lookAfter({ look, change }: Due, result: ChangeResult): Observation {
  if (result.kind !== 'done') {
    return look;
  }
  const { proof } = result;
  return {
    ...look,
    status: proof?.status ?? look.status,
    unit: withFile(look.unit, change.plan.file, change.plan.after),
    running: proof === undefined ? look.running : runningAllowances(proof.argv, look.config),
  };
}

/** What runs shows at once, where that it stays is still to be seen. */
function tellProven(ports: ApplyPorts, due: Due, proof: Proven): void {
  const { situation, decision, change } = due;
  const seconds = situation.view.policy?.settings.nodeSoakSeconds ?? 0;
  if (seconds === 0) {
    return;
  }
  ports.working.end();
  const look = lookAfter(due, { kind: 'done', proof });
  const memory = { ...decision.memory, lastApplied: change.plan.remember };
  const { report } = decide({ ...situation, look, memory, now: ports.clock.now() });
  const { appliedRevision, failedRevision } = decision.report;
  const reason = `Proven, and watched for ${seconds} s before it counts as done: ${change.plan.reason}`;
  ports.publisher
    .publish({ ...report, state: 'Working', reason, appliedRevision, failedRevision })
    .catch((error: unknown) => ports.log.warn({ err: error }, 'The proof could not be reported'));
}

/** The next look tries again, and so does the host when the switch's time is over. */
async function leftOpen(
  ports: ApplyPorts,
  { decision, change }: Due,
  { unit, file, before }: Journal,
  error: RollBackError,
): Promise<Applied> {
  const byHand =
    before === undefined
      ? `rm ${file}`
      : await ports.memory.backUp(before).then(
          (backup) => `cp ${backup} ${file}`,
          () => `put the old lines back into ${file}`,
        );
  const reason =
    `The change failed: ${error.message}. It is tried again by itself. ` +
    `By hand, on the node: ${byHand}, then systemctl restart ${unit}.`;
  ports.log.warn({ err: error }, reason);
  const failedRevision = change.desired.revision;
  const report = { ...decision.report, state: 'Degraded' as const, reason, failedRevision };
  await ports.publisher.publish(report);
  const retryAt = new Date(ports.clock.now().getTime() + RETRY_MS);
  return { next: { ...decision, report, change: undefined, guarded: undefined, retryAt }, memory: undefined };
}

const RETRY_MS = 5000;

function withFile(unit: KubeletUnit, path: string, content: Uint8Array | undefined): KubeletUnit {
  return {
    ...unit,
    environmentFiles: unit.environmentFiles.map((file) => (file.path === path ? { ...file, content } : file)),
  };
}

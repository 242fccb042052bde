// Writes what the kubelet's next start needs, on a node whose kubelet does not run: observe, plan, check, write. Restarts nothing.

import { configPaths } from '../../kubelet/running.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { idleReason } from '../../node/decide/approval.ts';
import type { Planned, Planning } from '../../node/decide/context.ts';
import { intentOf, planNode } from '../../node/decide/decide.ts';
import { reloadObstacle } from '../../node/decide/pending-reload.ts';
import { observe, type Observation, type ObservePorts } from '../../node/observe/observe.ts';
import type { NodeObject, UnitStatus } from '../../node/ports.ts';
import { withOriginals } from '../../node/state/original-file.ts';
import { type AgentState, EMPTY_STATE, type StateStore } from '../../node/state/state-store.ts';
import { takenAway } from '../../plan/in-use.ts';
import { desiredFor } from '../../policy/desired.ts';
import type { Policy } from '../../policy/policy.ts';
import { PlanError } from '../plan/plan-answer.ts';

export interface ApplyPorts extends ObservePorts {
  readonly stateStore: StateStore;
}

export interface ApplyRequest {
  readonly policy: Policy;
  readonly data: Readonly<Record<string, string>>;
  readonly node: NodeObject;
  readonly dryRun: boolean;
}

export interface Applied {
  /** The first change, or the plan that changes nothing. */
  readonly plan: Planned;
  /** The files that were written, in order. */
  readonly written: readonly string[];
  /** Why a change was not made, where that is no error. */
  readonly note: string | undefined;
}

/** One file changes at a time; mode Restore changes each that the agent wrote. */
const MOST_FILES = 20;

/** Writes the files and returns the plan. Throws a PlanError when nothing may be written; nothing was then, of a plan with one file. */
export async function applyNode(ports: ApplyPorts, request: ApplyRequest): Promise<Applied> {
  await expectNoOpenChange(ports.stateStore);
  const written: string[] = [];
  let first: Planned | undefined;
  while (written.length < MOST_FILES) {
    const agentState = await ports.stateStore.load();
    const { observation, planning, plan } = await planOf(ports, request, agentState);
    first ??= plan;
    if (!plan.changed) {
      await forgetRestored(ports.stateStore, request, agentState);
      return { plan: first, written, note: undefined };
    }
    const idle = idleReason({ node: request.node, view: request });
    if (idle !== undefined) {
      return { plan: first, written, note: `${idle}. Nothing was written.` };
    }
    check(request.policy, observation, planning, plan);
    if (request.dryRun) {
      return { plan: first, written, note: 'This is a dry run. Nothing was written.' };
    }
    await write(ports, request, agentState, observation, plan);
    written.push(plan.file);
  }
  throw new PlanError({
    kind: 'refused',
    message: `Expected a node that needs no further change after ${MOST_FILES} files, found one that does. Run kubelet-sysctls plan there.`,
  });
}

async function expectNoOpenChange(stateStore: StateStore): Promise<void> {
  if ((await stateStore.open()) !== undefined) {
    throw new PlanError({
      kind: 'refused',
      message:
        'An agent began a change here that is not ended. Nothing was written. The agent, its rollback timer or its boot unit ends it.',
    });
  }
}

interface PlannedNode {
  readonly observation: Observation;
  readonly planning: Planning;
  readonly plan: Planned;
}

async function planOf(
  ports: ApplyPorts,
  { policy, data, node }: ApplyRequest,
  agentState: AgentState,
): Promise<PlannedNode> {
  const view = { policy, errors: [], data };
  const intent = intentOf({ view, node, agentState });
  // Its kubelet does not run: the binary of the next start is the one to ask.
  const observation = await observe(ports, agentState.started, { ...intent, mayChange: true });
  if (observation.kind !== 'seen') {
    const kind = observation.state === 'Unreconcilable' ? 'unreconcilable' : 'refused';
    throw new PlanError({ kind, message: observation.reason });
  }
  expectConfig(observation);
  expectKernel(policy, node, observation);
  const planning = planNode({ view, node, kept: new Set(), observation, agentState });
  if (planning === undefined) {
    throw new Error('Expected a plan for a policy and an observed node, got none.');
  }
  const { plan } = planning;
  if (plan.kind === 'unreconcilable') {
    throw new PlanError({ kind: plan.kind, message: plan.reason });
  }
  if (plan.kind === 'refused') {
    const { message, file, line, byte } = plan;
    throw new PlanError({
      kind: plan.kind,
      message,
      file,
      ...(line === undefined ? {} : { line }),
      ...(byte === undefined ? {} : { byte }),
    });
  }
  return { observation, planning, plan };
}

/** The flag replaces the list of the config file, which must be known to be kept. */
function expectConfig({ unit, config }: Observation): void {
  const { config: path } = configPaths(nextArgv(unit));
  if (path !== undefined && config.config === undefined) {
    throw new PlanError({
      kind: 'refused',
      message:
        `Expected the kubelet's config file ${path}, found none: kubeadm join writes it. The list in it is not known, and the flag would ` +
        'replace it. Nothing was written. Run this again when the file is there, or put a copy of the one that the node will get in its place.',
      file: path,
    });
  }
}

/** Some sysctls are safe from a version of the kernel on, and need no allowance there. */
function expectKernel(policy: Policy, { labels }: NodeObject, { kubelet, kernel }: Observation): void {
  if (kernel !== undefined) return;
  const newest = desiredFor(policy, { labels, kubelet, kernel }).allowances;
  const oldest = desiredFor(policy, { labels, kubelet, kernel: { major: 0, minor: 0, patch: 0 } }).allowances;
  const differ = oldest.filter((pattern) => !newest.includes(pattern));
  if (differ.length > 0) {
    throw new PlanError({
      kind: 'refused',
      message: `Whether ${differ.join(', ')} needs an allowance depends on the node's kernel, which is not known. Nothing was written. Give --kernel-version.`,
    });
  }
}

/** Throws a PlanError when this change must not be made, as the agent's own checks do. */
function check(policy: Policy, observation: Observation, planning: Planning, plan: Planned): void {
  const refuse = (message: string): never => {
    throw new PlanError({ kind: 'refused', message, file: plan.file });
  };
  expectStopped(observation.status, plan);
  if (!observation.takesFlag) {
    refuse('This kubelet no longer knows --allowed-unsafe-sysctls. Nothing was written.');
  }
  const pending = reloadObstacle(observation, plan, planning.afterReload);
  if (pending !== undefined) refuse(pending);
  const { kubelet, kernel } = observation;
  const removed = takenAway({
    running: plan.configured.before,
    next: plan.configured.after,
    kubelet,
    kernel,
  });
  if (removed.length > 0 && policy.settings.inUse === 'Block') {
    refuse(
      `The kubelet's next start would no longer allow ${removed.join(', ')}, and without an API server it is not known which pods use that. ` +
        'Nothing was written. inUse: Proceed in the policy, or --in-use Proceed, makes the change and ends them.',
    );
  }
}

function expectStopped({ name, activeState, subState, mainPid }: UnitStatus, plan: Planned): void {
  const isDown =
    mainPid === 0 &&
    (activeState === 'inactive' || activeState === 'failed' || subState.startsWith('auto-restart'));
  if (!isDown) {
    throw new PlanError({
      kind: 'refused',
      message:
        `${name} runs (${activeState}/${subState}), and this command changes nothing under a running kubelet: no one would prove the change. ` +
        `Nothing was written. ${plan.reason} Start the service that makes and proves it (systemctl start kubelet-sysctl-agent.service), ` +
        `or stop the kubelet, run this again, and start the kubelet.`,
      file: plan.file,
    });
  }
}

/** Saves what the agent must know of the change before it is made: the next run repeats what a crash in between has left out. */
async function write(
  { stateStore, files, systemd }: ApplyPorts,
  { data }: ApplyRequest,
  agentState: AgentState,
  { status }: Observation,
  plan: Planned,
): Promise<void> {
  await stateStore.save({
    ...withOriginals(agentState, plan),
    lastApplied: plan.remember,
    policy: { ...data },
  });
  expectStopped(await systemd.status(status.name), plan);
  const expected = { content: plan.before };
  // The folder of --config-dir is never created: whether it exists decides whether a kubelet starts.
  const needsFolder = plan.variable === undefined;
  await (plan.after === undefined
    ? files.remove(plan.file, { expected })
    : files.writeAtomic(plan.file, plan.after, { expected, needsFolder }));
}

/** After mode Restore nothing of the agent is left on the node. */
async function forgetRestored(
  stateStore: StateStore,
  { policy, dryRun }: ApplyRequest,
  agentState: AgentState,
): Promise<void> {
  if (policy.settings.mode === 'Restore' && !dryRun && agentState !== EMPTY_STATE) {
    await stateStore.save(EMPTY_STATE);
  }
}

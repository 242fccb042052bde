// Simulated agents and kubelets: what they write after an approval, with the times of real ones.

import { objectAt, stringAt, stringMapAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';
import { COMPONENT, INPUT_KEYS, KEYS } from '../../../../agent/names.ts';
import { desiredFor, type Desired } from '../../../../agent/policy/desired.ts';
import { revisionsFor } from '../../../../agent/rollout/decision/revisions.ts';
import type { Policy } from '../../../../agent/policy/policy.ts';
import type { NodeReport } from '../../../../agent/report/annotations.ts';
import { parseVersion } from '../../../../agent/sysctl/version.ts';
import { REPORT_AFTER_MS, RESTART_MS } from '../../agents/kubelet.ts';
import { reportedStatus } from '../../agents/objects.ts';
import type { Change, Collection } from '../server/collection.ts';
import { reportBody } from './nodes.ts';
import { patched } from '../server/patches.ts';
import { doneReport, workingReport } from './reports.ts';

type Texts = Readonly<Record<string, string>>;

export interface Timing {
  readonly restartMs: number;
  readonly reportAfterMs: number;
  /** A kubelet writes its unchanged status this often (nodeStatusReportFrequency). */
  readonly heartbeatMs: number;
}

export const REAL_TIMING: Timing = {
  restartMs: RESTART_MS,
  reportAfterMs: REPORT_AFTER_MS,
  heartbeatMs: 300_000,
};

export interface Progress {
  /** Nodes that are Done with what the policy wants on them. */
  readonly done: number;
  /** Epoch ms of the last report of Done; 0: none. */
  readonly lastDoneAt: number;
  /** Epoch ms of the first and the last approval; 0: none. */
  readonly firstApprovalAt: number;
  readonly lastApprovalAt: number;
  readonly approvals: number;
  /** The most nodes that changed at the same time. */
  readonly mostAtATime: number;
}

const NOTHING = { lastDoneAt: 0, firstApprovalAt: 0, lastApprovalAt: 0, approvals: 0, mostAtATime: 0 };

export interface SyntheticAgents extends Disposable {
  /** The agents read this policy from now on; the counts begin again. */
  setPolicy(policy: Policy): void;
  progress(): Progress;
}

/** Answers approvals of `nodes` until disposed. */
export function simulateAgents(
  nodes: Collection,
  first: Policy,
  timing: Timing = REAL_TIMING,
): SyntheticAgents {
  const underWay = new Set<string>();
  const done = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let policy = first;
  let counts = NOTHING;

  const stopWatching = nodes.watch(nodes.version(), { changed: consider });
  const stopBeating = beatHearts(nodes, timing.heartbeatMs);

  function consider({ object }: Pick<Change, 'object'>): void {
    const name = nameOf(object);
    const { annotations } = textsOf(object);
    const { [INPUT_KEYS.approvedRevision]: approved, [KEYS.appliedRevision]: applied } = annotations;
    if (approved === undefined || approved === applied || underWay.has(name)) return;
    const desired = desiredOn(object, policy);
    if (desired.revision === approved) change(name, desired);
  }

  function change(name: string, desired: Desired): void {
    const now = Date.now();
    const { restartMs, reportAfterMs } = timing;
    const soakMs = policy.settings.nodeSoakSeconds * 1000;
    underWay.add(name);
    counts = {
      firstApprovalAt: counts.firstApprovalAt || now,
      lastApprovalAt: now,
      lastDoneAt: counts.lastDoneAt,
      approvals: counts.approvals + 1,
      mostAtATime: Math.max(counts.mostAtATime, underWay.size),
    };
    if (soakMs > 0) after(restartMs, () => report(name, (before) => workingReport(desired, before)));
    after(restartMs + reportAfterMs, () => beat(nodes, name));
    after(restartMs + soakMs, () => {
      underWay.delete(name);
      counts.lastDoneAt = Date.now();
      report(name, () => doneReport(desired, new Date()));
      if (desiredOn(nodes.get(name) ?? {}, policy).revision === desired.revision) done.add(name);
    });
  }

  function report(name: string, reportAfter: (before: Texts) => NodeReport): void {
    const object = nodes.get(name) ?? {};
    const { annotations, labels } = textsOf(object);
    const body = reportBody(annotations, labels, reportAfter(annotations));
    nodes.put(name, patched(object, { body, manager: COMPONENT, at: new Date() }));
  }

  function after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  }

  function countDone(): void {
    const wanted = revisionsFor(policy);
    for (const object of nodes.items()) {
      if (isDone(object, wanted(factsOf(object)))) done.add(nameOf(object));
    }
  }

  return {
    setPolicy(next) {
      policy = next;
      counts = { ...NOTHING, mostAtATime: underWay.size };
      done.clear();
      countDone();
      for (const object of nodes.items()) consider({ object });
    },
    progress: () => ({ ...counts, done: done.size }),
    [Symbol.dispose]() {
      stopWatching();
      stopBeating();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Returns what the policy wants on the node. Throws when its kubelet's version is not known. */
export function desiredOn(node: JsonObject, policy: Policy): Desired {
  const { labels, kubelet, kernel } = factsOf(node);
  const version = parseVersion(kubelet);
  if (version === undefined) throw new Error(`Expected the version of a kubelet on ${nameOf(node)}.`);
  return desiredFor(policy, { labels, kubelet: version, kernel: parseVersion(kernel) });
}

function factsOf(node: JsonObject) {
  const info = objectAt(node, 'status', 'nodeInfo');
  return {
    labels: textsOf(node).labels,
    profiles: undefined,
    kubelet: stringAt(info, 'kubeletVersion') ?? '',
    kernel: stringAt(info, 'kernelVersion') ?? '',
  };
}

function isDone(node: JsonObject, wanted: string | undefined): boolean {
  const { [KEYS.state]: state, [KEYS.appliedRevision]: applied } = textsOf(node).annotations;
  return state === 'Done' && applied === wanted;
}

/** Lets every kubelet write its status once in `everyMs`, spread over that time. Returns the function that ends it. */
function beatHearts(nodes: Collection, everyMs: number): () => void {
  const TICK_MS = 1000;
  let at = 0;
  const timer = setInterval(() => {
    const names = nodes.items().map(nameOf);
    const share = Math.ceil((names.length * TICK_MS) / everyMs);
    for (let count = 0; count < share; count += 1) {
      beat(nodes, names[at % names.length] ?? '');
      at += 1;
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}

function beat(nodes: Collection, name: string): void {
  const [object, at] = [nodes.get(name), new Date()];
  const body = objectAt(reportedStatus(at));
  if (object !== undefined)
    nodes.put(name, patched(object, { body, manager: 'kubelet', at, subresource: 'status' }));
}

interface Shown {
  readonly annotations: Texts;
  readonly labels: Texts;
}

function textsOf(object: JsonObject): Shown {
  const metadata = objectAt(object, 'metadata');
  return { annotations: stringMapAt(metadata, 'annotations'), labels: stringMapAt(metadata, 'labels') };
}

function nameOf(object: JsonObject): string {
  return stringAt(objectAt(object, 'metadata'), 'name') ?? '';
}

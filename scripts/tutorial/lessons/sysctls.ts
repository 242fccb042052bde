// Lesson 3: a pod that sets an unsafe sysctl is refused, the ConfigMap allows it, and the same pod runs.

import type { ListEdit } from '../../kubernetes/list-text.ts';
import { TutorialError } from '../../kubernetes/errors.ts';
import { execIn, outputOf } from '../../kubernetes/exec.ts';
import { backlogOf, listenerOn, processOne } from '../inside.ts';
import { ADDED_SYSCTLS, SAFE_SYSCTL, UNSAFE_SYSCTL } from '../../kubernetes/names.ts';
import type { Settled } from '../../kubernetes/node-progress.ts';
import { awaitProven, awaitSettled } from '../../kubernetes/nodes.ts';
import { APP_PORT, POD_SYSCTLS } from '../../kubernetes/pods.ts';
import { allow } from '../../kubernetes/policy.ts';
import { awaitRefused, type Refused } from '../../kubernetes/run-pod.ts';
import { answerOf, PS } from './as-user.ts';
import { makePod, onEvery, runPod, type Stage } from './stage.ts';

export interface RefusedFacts extends Refused {
  readonly node: string;
}

export interface AllowedFacts {
  readonly edit: ListEdit;
  /** From the edit to the last node's report of a verified kubelet with the list, in ms. */
  readonly ms: number;
}

export interface AllowedNode extends Settled {
  readonly node: string;
  /** The node reports that the second name is already safe. */
  readonly saysSafe: boolean;
}

export interface SysctlFacts {
  readonly node: string;
  readonly pod: string;
  readonly user: string;
  /** The values in the pod's /proc/sys, by sysctl. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** The owner of the socket that listens on port 80. */
  readonly listenerUid: number;
  /** Its backlog; undefined where the image has no working `ss`. */
  readonly backlog: number | undefined;
  readonly answer: string;
}

const ALLOWED = { allowed: [UNSAFE_SYSCTL], forbidden: [] };

/** Makes the pod while its sysctls are not allowed; throws a TutorialError when a node runs it. */
export async function beRefused(stage: Stage): Promise<readonly RefusedFacts[]> {
  return onEvery(stage.nodes, async (node) => ({
    node: node.name,
    ...(await awaitRefused(stage.cluster, await makePod(stage, 'sysctls', node))),
  }));
}

/** Edits the ConfigMap; resolves when every node shows a kubelet verified to run with the list. */
export async function allowSysctls(
  { cluster, nodes }: Stage,
  note: (text: string) => void = () => {},
): Promise<AllowedFacts> {
  const begun = performance.now();
  const edit = await allow(cluster, ADDED_SYSCTLS);
  const names = nodes.map(({ name }) => name);
  await awaitProven(cluster, names, ALLOWED, note);
  return { edit, ms: performance.now() - begun };
}

/** Resolves when every node has soaked and reports Done after the edit. */
export async function awaitAllowed(
  { cluster, nodes }: Stage,
  note: (text: string) => void = () => {},
): Promise<readonly AllowedNode[]> {
  const names = nodes.map(({ name }) => name);
  return (await awaitSettled(cluster, names, ALLOWED, note)).map(withSafe);
}

/** Makes the same pod again, after its sysctls are allowed. */
export async function runWithSysctls(stage: Stage): Promise<readonly SysctlFacts[]> {
  return onEvery(stage.nodes, async (node) => {
    const { cluster } = stage;
    const { pod } = await runPod(stage, 'sysctls', node);
    const answer = await answerOf(stage, pod, `127.0.0.1:${APP_PORT}`);
    const first = processOne(await outputOf(cluster, pod, PS));
    const sockets = await outputOf(cluster, pod, [
      'sh',
      '-c',
      'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true',
    ]);
    const listener = listenerOn(sockets, APP_PORT);
    if (first === undefined || listener === undefined) {
      throw new TutorialError(
        `Expected the application of ${pod} to listen on port ${APP_PORT}, got no such socket`,
        [sockets],
      );
    }
    const ss = await execIn(cluster, pod, ['sh', '-c', 'command -v ss >/dev/null && ss -ltn']);
    return {
      node: node.name,
      pod,
      user: first.user,
      sysctls: await sysctlsIn(stage, pod),
      listenerUid: listener.uid,
      backlog: ss.exitCode === 0 ? backlogOf(ss.stdout, APP_PORT) : undefined,
      answer,
    };
  });
}

function withSafe(settled: Settled & { readonly node: string }): AllowedNode {
  return {
    ...settled,
    saysSafe: /already safe[^.]*not needed/i.test(settled.reason) && settled.reason.includes(SAFE_SYSCTL),
  };
}

async function sysctlsIn({ cluster }: Stage, pod: string): Promise<Readonly<Record<string, string>>> {
  const names = POD_SYSCTLS.map(({ name }) => name);
  const files = names.map((name) => `/proc/sys/${name.replaceAll('.', '/')}`);
  const values = (await outputOf(cluster, pod, ['cat', ...files])).split('\n');
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}

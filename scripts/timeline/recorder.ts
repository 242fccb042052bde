// Records a rollout: what the Nodes and the coordinator show, at the arrival of each watch event.

import { KubeConfig, type V1ConfigMap, type V1Node, type V1Taint } from '@kubernetes/client-node';
import { INPUT_KEYS, KEYS, PENDING_TAINT, STATES } from '../../agent/names.ts';
import { PHASES } from '../../agent/rollout/fleet.ts';
import { keepWatching } from '../bed/control-plane/keep-watching.ts';
import { AGENT_NAMESPACE } from '../kubernetes/names.ts';
import type { Moment, NodeMoment } from './moments.ts';

/** The ConfigMap with the coordinator's status. */
export const STATUS_CONFIG_MAP = 'kubelet-sysctls-status';
const ZONE = 'topology.kubernetes.io/zone';

export interface Recorder extends AsyncDisposable {
  /** The moments so far, in order of arrival. */
  readonly moments: readonly Moment[];
  /** Records that the policy is edited now. */
  edited(what: string): void;
  /** Resolves when the condition holds for the moments so far; throws with the last of them after `timeoutMs`. */
  until(what: string, condition: (moments: readonly Moment[]) => boolean, timeoutMs: number): Promise<void>;
  /** Ends the recording. */
  stop(): void;
}

/** Resolves when every Node was seen once. Reconnects watches that the API server ends. */
export async function recordRollout(kubeconfig: string): Promise<Recorder> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const moments: Moment[] = [];
  const waiting = new Set<() => void>();
  const last = new Map<string, string>();
  const ended = new AbortController();

  const add = (subject: string, moment: Moment): void => {
    const { at: _at, ...shown } = moment;
    const text = JSON.stringify(shown);
    if (ended.signal.aborted || last.get(subject) === text) return;
    last.set(subject, text);
    moments.push(moment);
    for (const check of waiting) check();
  };
  const signal = ended.signal;
  await Promise.all([
    keepWatching<V1Node>(config, {
      path: '/api/v1/nodes',
      query: {},
      signal,
      onObject: (object, gone) => {
        const node = object.metadata?.name ?? '';
        add(node, gone ? { at: Date.now(), kind: 'gone', node } : nodeMoment(object, Date.now()));
      },
    }),
    keepWatching<V1ConfigMap>(config, {
      path: `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps`,
      query: { fieldSelector: `metadata.name=${STATUS_CONFIG_MAP}` },
      signal,
      onObject: ({ data }) => {
        const phase = PHASES.find((each) => each === data?.['phase']);
        if (phase !== undefined) add('', { at: Date.now(), kind: 'phase', phase });
      },
    }),
  ]);
  const recorder: Recorder = {
    moments,
    edited: (what) => void moments.push({ at: Date.now(), kind: 'edit', what }),
    until: async (what, condition, timeoutMs) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const check = (): void => {
        if (condition(moments)) resolve(true);
      };
      waiting.add(check);
      const timer = setTimeout(() => resolve(false), timeoutMs);
      check();
      const held = await promise;
      clearTimeout(timer);
      waiting.delete(check);
      if (!held) {
        const shown = [...last.values()].join('\n');
        throw new Error(`Expected ${what} within ${timeoutMs / 1000} s, but last seen was:\n${shown}`);
      }
    },
    stop: () => {
      if (ended.signal.aborted) return;
      moments.push({ at: Date.now(), kind: 'end' });
      ended.abort();
    },
    [Symbol.asyncDispose]: async () => recorder.stop(),
  };
  await recorder.until('Nodes to exist', (all) => all.some(({ kind }) => kind === 'node'), 30_000);
  return recorder;
}

/** Returns what this Node shows, at epoch ms `at`. */
export function nodeMoment({ metadata, spec, status }: V1Node, at: number): NodeMoment {
  const shown = metadata?.annotations ?? {};
  const optional = {
    state: STATES.find((state) => state === shown[KEYS.state]),
    desired: shown[KEYS.desired],
    running: shown[KEYS.running],
    desiredRevision: shown[KEYS.desiredRevision],
    appliedRevision: shown[KEYS.appliedRevision],
    approvedRevision: shown[INPUT_KEYS.approvedRevision],
    failedRevision: shown[KEYS.failedRevision],
    zone: metadata?.labels?.[ZONE],
    joining: spec?.taints?.some(isStartUpTaint) === true ? (true as const) : undefined,
  };
  const ready =
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  return { at, kind: 'node', node: metadata?.name ?? '', ready, ...optional };
}

function isStartUpTaint({ key, effect }: V1Taint): boolean {
  return key === PENDING_TAINT.key && effect === PENDING_TAINT.effect;
}

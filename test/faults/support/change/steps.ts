// The steps of a change, each recognized from the node's files.

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type HostView, PATHS } from './host-view.ts';

/** What was so before the change began. */
export interface Before {
  readonly environmentFile: string;
  readonly bytes: Buffer | undefined;
  readonly invocation: string | undefined;
}

interface Followed {
  readonly host: HostView;
  readonly before: Before;
  /** The memory as it was when the journal was first seen; undefined before that. */
  readonly journalSeen: { readonly state: string | undefined } | undefined;
  /** The Node shows that the new list runs: for so many ms. */
  readonly provenForMs: number | undefined;
}

type Condition = (followed: Followed) => boolean;

const restarted: Condition = ({ host, before }) => {
  const now = host.link(PATHS.invocation);
  return now !== undefined && now !== before.invocation;
};
const remembered: Condition = ({ host, journalSeen }) =>
  journalSeen !== undefined && host.version(PATHS.state) !== journalSeen.state;
const committed: Condition = (followed) => remembered(followed) && !followed.host.exists(PATHS.journal);
const there =
  (path: string): Condition =>
  ({ host }) =>
    host.exists(path);
const goneAgain =
  (path: string): Condition =>
  (followed) =>
    committed(followed) && !followed.host.exists(path);

/** In their order; those that happen side by side may come in any. */
export const STEPS = {
  'the new file is being made ready': ({ host, before }) => host.isBeingWritten(before.environmentFile),
  'the journal is being written': ({ host }) => host.isBeingWritten(PATHS.journal),
  'the journal is there': there(PATHS.journal),
  'the timer is there': there(PATHS.timer),
  'the unit for the boot is there': there(PATHS.bootUnit),
  'its link is there': there(PATHS.bootLink),
  'the file is replaced': ({ host, before }) => !same(host.bytes(before.environmentFile), before.bytes),
  'the kubelet is started': restarted,
  'healthz answers': (followed) => restarted(followed) && followed.host.listens(),
  'the proof is reported': ({ provenForMs }) => provenForMs !== undefined,
  'the soak is half over': ({ provenForMs = 0 }) => provenForMs > 500,
  'the change is remembered': remembered,
  'the journal is gone': committed,
  'the timer is gone': goneAgain(PATHS.timer),
  'the unit for the boot is gone': goneAgain(PATHS.bootUnit),
  'its link is gone': goneAgain(PATHS.bootLink),
} as const satisfies Readonly<Record<string, Condition>>;

export type Step = keyof typeof STEPS;
export const STEP_NAMES = Object.keys(STEPS).filter((name): name is Step => name in STEPS);
/** There for a moment only: polling on a busy machine may miss them. */
export const FLEETING: ReadonlySet<Step> = new Set<Step>([
  'the new file is being made ready',
  'the journal is being written',
]);

/** For a fleeting step: other cases of this process get their turn in between. */
const BURST_MS = 3;

/** When something is to happen: at a step, or so many ms from now. */
export type Instant = Step | { readonly afterMs: number };

export interface Follow {
  readonly host: HostView;
  readonly before: Before;
  /** Of performance.now(): when the Node first showed that the new list runs. */
  readonly provenAt: () => number | undefined;
  readonly timeoutMs: number;
}

/** Calls `act` at the instant, in the very turn in which it was seen. False when it did not come in time; then `act` is not called. */
export async function atInstant(
  instant: Instant,
  { host, before, provenAt, timeoutMs }: Follow,
  act: () => void,
): Promise<boolean> {
  const begun = performance.now();
  let journalSeen: Followed['journalSeen'];
  const reached = (): boolean => {
    const now = performance.now();
    if (typeof instant !== 'string') return now - begun >= instant.afterMs;
    if (journalSeen === undefined && host.exists(PATHS.journal)) {
      journalSeen = { state: host.version(PATHS.state) };
    }
    const proven = provenAt();
    const condition: Condition = STEPS[instant];
    return condition({
      host,
      before,
      journalSeen,
      provenForMs: proven === undefined ? undefined : now - proven,
    });
  };
  const fleeting = typeof instant === 'string' && FLEETING.has(instant);
  const reachedInBurst = (): boolean => {
    const until = performance.now() + BURST_MS;
    do if (reached()) return true;
    while (performance.now() < until);
    return false;
  };
  while (performance.now() - begun < timeoutMs) {
    if (fleeting ? reachedInBurst() : reached()) {
      act();
      return true;
    }
    const over = journalSeen !== undefined && !host.exists(PATHS.journal);
    if (fleeting && over) return false;
    await (fleeting ? nextTurn() : sleep(1));
  }
  return false;
}

function same(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

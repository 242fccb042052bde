// One node's change: journal and switch, write, restart, proof, soak; and back to the exact bytes when any of them fails.

import type { ConfigSources } from '../kubelet/config.ts';
import { runningAllowances } from '../kubelet/running.ts';
import { coverageOf } from '../sysctl/coverage.ts';
import { errorText } from '../text/error-text.ts';
import { sha256Of } from '../text/hash.ts';
import type { Journal } from './journal.ts';
import type { MemoryStore } from './memory.ts';
import { proveKubelet, type Proof, type ProofPorts, type ProofRequest } from './prove.ts';
import type { Cluster, HostFiles, UndoSwitch } from './ports.ts';
import { readinessFault } from './readiness.ts';
import { type FollowedPods, soak, type SoakPorts } from './soak.ts';

export interface ChangePorts extends ProofPorts, SoakPorts {
  readonly cluster: SoakPorts['cluster'] & Pick<Cluster, 'watchPods'>;
  readonly files: HostFiles;
  readonly memory: MemoryStore;
  readonly undoSwitch: UndoSwitch;
}

export interface Change {
  readonly journal: Journal;
  /** Of `begin`. */
  readonly begun: Promise<void>;
  /** Puts the new file into its place once the change has begun. */
  readonly write: () => Promise<void>;
  readonly restart: boolean;
  /** What a kubelet reads beside its arguments. */
  readonly config: ConfigSources;
  /** Asked once, after the write and before the restart. false: everything is taken back, and nothing restarted. */
  readonly mayRestart: () => Promise<boolean>;
  /** Called when the new kubelet is proven, just before the soak, with the time since the begin. */
  readonly onProven: (proof: Proven, tookMs: number) => void;
  /** UIDs of the pods that the restart ends, asked once right before it; undefined: not known. */
  readonly endedPods: () => ReadonlySet<string> | undefined;
}

export type Proven = Extract<Proof, { ok: true }>;

export type ChangeResult =
  | {
      readonly kind: 'done';
      readonly proof: Proven | undefined;
    }
  /** The restart was not allowed any more, and the old bytes are back; or the file is somebody else's by now, and was left alone. */
  | { readonly kind: 'held' }
  | { readonly kind: 'rolled-back'; readonly why: string }
  /** The old bytes are back, but the kubelet is not healthy with them either. */
  | { readonly kind: 'stuck'; readonly why: string };

/** The old bytes could not be put back. The journal and the switch stay. */
export class RollBackError extends Error {
  override readonly name = 'RollBackError';
}

/** Somebody else wrote the file after it was looked at. */
class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

/** To be asked right before the file is replaced: bytes that nobody has looked at would be lost. Rejects with what carryOut takes for that. */
export async function expectUntouched({ files }: ChangePorts, { file, before }: Journal): Promise<void> {
  if (sha256Of(await files.read(file)) !== sha256Of(before)) {
    throw new OvertakenError(`${file} was written by somebody else meanwhile`);
  }
}

/** What the switch waits for beside the soak: the kubelet's end (120 s), healthz (60 s) and report (45 s), at the longest. */
const SWITCH_SECONDS = 240;

/**
 * Carries the change out. Journal and switch stay until the caller has saved what came of it, and has committed. Throws what
 * `begun` rejects with, nothing being changed then; throws a RollBackError when the old bytes could not be put back.
 */
export async function carryOut(ports: ChangePorts, change: Change): Promise<ChangeResult> {
  const { journal } = change;
  const begunMs = ports.clock.monotonicMs();
  try {
    await change.write();
    if (change.restart && !(await change.mayRestart())) {
      return await takeBack(ports, journal);
    }
    if (!change.restart) {
      return { kind: 'done', proof: undefined };
    }
    return await restartAndProve(ports, change, (proof) =>
      change.onProven(proof, ports.clock.monotonicMs() - begunMs),
    );
  } catch (error) {
    if (error instanceof RollBackError) {
      throw error;
    }
    if (error instanceof OvertakenError) {
      return { kind: 'held' };
    }
    await change.begun;
    return rollBack(ports, journal, errorText(error));
  }
}

/** Proves the kubelet that runs now, and watches it, without a restart: somebody else ended before they could. */
export async function goOn(
  ports: ChangePorts,
  journal: Journal,
  config: ConfigSources,
): Promise<ChangeResult> {
  await arm(ports, journal);
  return proveAndSoak(ports, { journal, config }, undefined, () => {});
}

/** The pods are followed from before the new kubelet is there: only then can those that it refuses be told from others. */
async function restartAndProve(
  ports: ChangePorts,
  change: Change,
  onProven: (proof: Proven) => void,
): Promise<ChangeResult> {
  const { journal } = change;
  const ended = change.endedPods();
  const restarting = ports.systemd.tryRestart(journal.unit);
  const pods =
    ended === undefined || journal.nodeSoakSeconds === 0
      ? undefined
      : { watch: ports.cluster.watchPods(), ended };
  try {
    await restarting;
    return await proveAndSoak(ports, change, pods, onProven);
  } finally {
    pods?.watch.stop();
  }
}

/** The kubelet that runs now is proven and watched, or rolled back. */
async function proveAndSoak(
  ports: ChangePorts,
  { journal, config }: Pick<Change, 'journal' | 'config'>,
  pods: FollowedPods | undefined,
  onProven: (proof: Proven) => void,
): Promise<ChangeResult> {
  const proof = await prove(ports, journal, acceptsOf(journal, config));
  if (!proof.ok) {
    return rollBack(ports, journal, proof.why);
  }
  onProven(proof);
  const fault = await soak(ports, {
    started: proof.status,
    before: new Date(journal.past.at),
    healthz: journal.healthz ?? undefined,
    seconds: journal.nodeSoakSeconds,
    pods,
  });
  return fault === undefined ? { kind: 'done', proof } : rollBack(ports, journal, fault);
}

/** The change is over: what the host would undo it by goes. False when the host has begun to undo it. */
export async function commit({ memory, undoSwitch }: ChangePorts, { unit }: Journal): Promise<boolean> {
  const committed = await memory.commit();
  if (committed) {
    await undoSwitch.disarm(unit);
  }
  return committed;
}

/** Puts the bytes from before the change back and, when the kubelet was started since, restarts and proves it again. */
export async function rollBack(ports: ChangePorts, journal: Journal, why: string): Promise<ChangeResult> {
  const { unit, file } = journal;
  try {
    await restore(ports, journal);
  } catch (error) {
    throw new RollBackError(`${why}. ${file} could not be put back to what it was: ${errorText(error)}`, {
      cause: error,
    });
  }
  try {
    const before = ports.clock.now();
    const { invocationId, activeState } = await ports.systemd.status(unit);
    if (invocationId === journal.invocation) {
      return { kind: 'rolled-back', why };
    }
    // From here the kubelet's own restarts have the old bytes, so a switch that runs out in between does no harm.
    await arm(ports, journal).catch(() => {});
    await (activeState === 'failed' ? ports.systemd.startFailed(unit) : ports.systemd.tryRestart(unit));
    const proof = await prove(ports, { ...journal, invocation: invocationId }, () => true);
    const fault = proof.ok ? await readinessFault(ports, proof.status, before) : proof.why;
    return fault === undefined
      ? { kind: 'rolled-back', why }
      : { kind: 'stuck', why: `${why}. Rolled back, and still: ${fault}` };
  } catch (error) {
    return {
      kind: 'stuck',
      why: `${why}. Rolled back, and the kubelet could not be restarted: ${errorText(error)}`,
    };
  }
}

/** The new kubelet must allow all that is desired. */
function acceptsOf({ desired }: Journal, config: ConfigSources): ProofRequest['accepts'] {
  return (argv) => {
    const running = runningAllowances(argv, config);
    return desired.every(coverageOf(running));
  };
}

/** Writes the journal and arms the switch. Rejects with nothing changed and nothing left behind. */
export async function begin(ports: ChangePorts, journal: Journal): Promise<void> {
  const begun = await Promise.allSettled([ports.memory.begin(journal), arm(ports, journal)]);
  const failed = begun.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    await ports.memory.commit().catch(() => {});
    await ports.undoSwitch.disarm(journal.unit).catch(() => {});
    throw new Error(
      `The change was not begun, since it could not be made undoable: ${errorText(failed.reason)}`,
      {
        cause: failed.reason,
      },
    );
  }
}

function arm({ undoSwitch }: ChangePorts, { unit, file, nodeSoakSeconds }: Journal): Promise<void> {
  return undoSwitch.arm(unit, file, SWITCH_SECONDS + nodeSoakSeconds);
}

async function takeBack(ports: ChangePorts, journal: Journal): Promise<ChangeResult> {
  await restore(ports, journal);
  return { kind: 'held' };
}

function prove(ports: ChangePorts, journal: Journal, accepts: ProofRequest['accepts']): Promise<Proof> {
  return proveKubelet(ports, {
    unit: journal.unit,
    previousInvocation: journal.invocation,
    healthz: journal.healthz ?? undefined,
    accepts,
  });
}

/** What somebody else wrote meanwhile stays. */
async function restore({ files }: ChangePorts, { file, before, after }: Journal): Promise<void> {
  const found = sha256Of(await files.read(file));
  if (found === after && found !== sha256Of(before)) {
    await (before === undefined ? files.remove(file) : files.writeAtomic(file, before));
  }
}

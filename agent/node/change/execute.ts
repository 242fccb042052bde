// One node's change: arm, write, restart, verify, soak; rolled back when any of them fails.

import { allowedInArgv } from '../../kubelet/running.ts';
import { coverageOf } from '../../sysctl/coverage.ts';
import { errorText } from '../../text/error-text.ts';
import { sha256Of } from '../../text/hash.ts';
import { STEADY_MS } from '../decide/steadiness.ts';
import { armChange, type ArmPorts, expectArmed, restartTimer, UndoneByHostError } from './arm.ts';
import { ChangedFileError } from '../changed-file.ts';
import type { Journal } from '../state/journal.ts';
import type { OpenChange } from '../state/state-store.ts';
import {
  type Fault,
  verifyKubelet,
  type Verification,
  type VerifyPorts,
  type VerifyRequest,
} from './verify.ts';
import type { Cluster, HostFiles } from '../ports.ts';
import { isRefusal, refusalText } from '../refusal.ts';
import { proveList, type StartedList } from './prove-config.ts';
import { proveStarts } from './prove-starts.ts';
import { restore, writeOptions } from './restore.ts';
import { restoreOrThrow, rollBack, RollBackError, type RolledBack } from './rollback.ts';
import { restartOrJoin } from './restart.ts';
import { takenOutText } from './taken-out.ts';
import { type FollowedPods, soak, type SoakPorts } from './soak.ts';

export interface ChangePorts extends VerifyPorts, SoakPorts, ArmPorts {
  readonly clock: SoakPorts['clock'];
  readonly cluster: SoakPorts['cluster'] & Pick<Cluster, 'watchPods'>;
  readonly files: HostFiles;
}

export interface Change {
  readonly journal: Journal;
  /** The file's new bytes; undefined: the change removes the file. */
  readonly after: Uint8Array | undefined;
  readonly restart: boolean;
  /** Called once, after the write and before the restart. false: the old bytes are restored and nothing is restarted. */
  readonly mayRestart: () => Promise<boolean>;
  /** Called when the new kubelet is verified, before the soak, with the ms since the change was begun. */
  readonly onVerified: (proof: Verified, tookMs: number) => void;
  /** The pods that the change concerns; called once, right before the restart. undefined: unknown. */
  readonly concernedPods: () => Omit<FollowedPods, 'watch'> | undefined;
}

export type Verified = Extract<Verification, { ok: true }> & StartedList;

export type ChangeResult =
  | { readonly kind: 'done'; readonly proof: Verified | undefined; readonly note: string | undefined }
  /** Another program stopped the kubelet before it was proven (old bytes restored). */
  | { readonly kind: 'stopped'; readonly why: string }
  /** Pods blocked the restart (old bytes restored), or the file was modified concurrently (left as it is). */
  | { readonly kind: 'aborted' }
  /** The host's rollback timer expired, and its script undoes the change or has undone it. */
  | { readonly kind: 'undone-by-host' }
  | RolledBack;

/**
 * Executes the change. Journal, timer and boot unit stay until the caller has saved the result and committed. Throws, with
 * nothing changed, when the change could not be armed; throws a RollBackError when it could not be rolled back.
 */
export async function executeChange(ports: ChangePorts, change: Change): Promise<ChangeResult> {
  const beganMs = ports.clock.monotonicMs();
  await armChange(ports, change.journal);
  try {
    return await writeAndRestart(ports, change, beganMs);
  } catch (error) {
    if (error instanceof UndoneByHostError) {
      return { kind: 'undone-by-host' };
    }
    throw error;
  }
}

/** Carries out an armed change, and rolls it back when that fails. Throws as `rollBack`. */
async function writeAndRestart(ports: ChangePorts, change: Change, beganMs: number): Promise<ChangeResult> {
  const { journal } = change;
  const open: OpenChange = { journal, holder: 'unclaimed' };
  try {
    await writeFile(ports.files, change);
    if (!change.restart) {
      return { kind: 'done', proof: undefined, note: undefined };
    }
    if (!(await change.mayRestart())) {
      await restore(ports, journal);
      return { kind: 'aborted' };
    }
    await expectArmed(ports, open, beganMs);
    return await restartAndVerify(ports, change, open, (proof) =>
      change.onVerified(proof, ports.clock.monotonicMs() - beganMs),
    );
  } catch (error) {
    if (error instanceof RollBackError || error instanceof UndoneByHostError) {
      throw error;
    }
    if (error instanceof ChangedFileError) {
      return { kind: 'aborted' };
    }
    return rollBack(ports, open, await explained(ports.processes, errorText(error)));
  }
}

/** Adds what confines the agent to a refusal. Without that the refusal has other causes, such as a file that is immutable. */
async function explained(processes: ChangePorts['processes'], why: string): Promise<string> {
  // The rollback does not depend on it.
  const confinement = isRefusal(why) ? await processes.confinement().catch(() => undefined) : undefined;
  // Its last sentence ends where the reason is put together.
  return confinement === undefined ? why : `${why}. ${refusalText(confinement).replace(/\.$/u, '')}`;
}

/** Verifies and soaks the running kubelet without a restart, for a change that an earlier agent process began. Throws as `rollBack`. */
export async function resumeVerification(ports: ChangePorts, open: OpenChange): Promise<ChangeResult> {
  const { journal } = open;
  await restartTimer(ports, journal);
  const before = new Date(journal.past.at);
  return verifyAndSoak(ports, { open, before }, undefined, () => {});
}

/** Throws a ChangedFileError when another party wrote the file since it was observed. */
async function writeFile(files: HostFiles, { journal, after }: Change): Promise<void> {
  const { file, before } = journal;
  const expected = { content: before };
  if (sha256Of(before) === journal.after) {
    if (sha256Of(await files.read(file)) !== journal.after) {
      throw new ChangedFileError(file);
    }
    return;
  }
  await (after === undefined
    ? files.remove(file, { expected })
    : files.writeAtomic(file, after, { expected, ...writeOptions(journal) }));
}

/** Watches the pods from before the new kubelet starts: only then can the pods that it refuses be told from others. */
async function restartAndVerify(
  ports: ChangePorts,
  change: Change,
  open: OpenChange,
  onVerified: (proof: Verified) => void,
): Promise<ChangeResult> {
  const { journal } = open;
  const concerned = change.concernedPods();
  const pods =
    concerned === undefined || journal.nodeSoakSeconds === 0
      ? undefined
      : { watch: ports.cluster.watchPods(), ...concerned };
  // A report of the old kubelet in the second before the restart must not count as one of the new kubelet.
  const before = ports.clock.now();
  try {
    const stopped = await restartOrJoin(ports, journal);
    if (stopped !== undefined) {
      await restoreOrThrow(ports, journal, stopped);
      return { kind: 'stopped', why: stopped };
    }
    return await verifyAndSoak(ports, { open, before }, pods, onVerified);
  } finally {
    pods?.watch.stop();
  }
}

async function verifyAndSoak(
  ports: ChangePorts,
  { open, before }: { readonly open: OpenChange; readonly before: Date },
  pods: FollowedPods | undefined,
  onVerified: (proof: Verified) => void,
): Promise<ChangeResult> {
  const { journal } = open;
  const first = { previousInvocation: journal.invocation, before };
  const result = await proveStarts<Verified & { readonly lost?: string | undefined }>(
    ports,
    first,
    async (start) => {
      if (start !== first) {
        await expectArmed(ports, open, -Infinity);
      }
      const proof = await verifyKubelet(ports, {
        unit: journal.unit,
        previousInvocation: start.previousInvocation,
        healthz: journal.healthz ?? undefined,
        accepts: acceptsOf(journal),
      });
      if (!proof.ok) {
        return proof;
      }
      const list = await proveList(ports, journal, proof);
      if (typeof list === 'string') {
        return { ok: false, why: list, ended: undefined, isHealthy: true };
      }
      const verified = { ...proof, ...list };
      onVerified(verified);
      const soaked = await soak(ports, {
        started: proof.status,
        before: start.before,
        healthz: journal.healthz ?? undefined,
        seconds: soakSeconds(journal, verified),
        pods,
      });
      return soaked.ok ? { ...verified, lost: soaked.note } : soaked;
    },
  );
  switch (result.kind) {
    case 'proven':
      return { kind: 'done', proof: result.proof, note: joined(result.note, result.proof.lost) };
    case 'stopped':
      await restoreOrThrow(ports, journal, result.why);
      return result;
    case 'fault':
      return rollBackFault(ports, open, result);
  }
}

/** Rolls back. Where the kubelet could not be verified, says so when another party's edit of the files explains that. */
async function rollBackFault(
  ports: ChangePorts,
  open: OpenChange,
  { why, isHealthy }: Pick<Fault, 'why' | 'isHealthy'>,
): Promise<RolledBack> {
  const takenOut = isHealthy === undefined ? undefined : await takenOutText(ports, open.journal);
  const text = takenOut === undefined ? why : isHealthy === true ? takenOut : `${why}. ${takenOut}`;
  const result = await rollBack(ports, open, text, { isHealthy: isHealthy === true });
  return { ...result, takenOut: takenOut !== undefined };
}

function joined(...notes: readonly (string | undefined)[]): string | undefined {
  const texts = notes.filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join('. Also, ');
}

/** A kubelet that systemd has restarted since the change crashed once, and may crash again. */
function soakSeconds({ nodeSoakSeconds }: Journal, { status }: Verified): number {
  return status.restarts === 0 ? nodeSoakSeconds : Math.max(nodeSoakSeconds, STEADY_MS / 1000);
}

/** Accepts a kubelet whose arguments allow every desired name and pattern, or leave the list to its config files. */
function acceptsOf({ desired }: Journal): VerifyRequest['accepts'] {
  return (argv) => {
    const list = allowedInArgv(argv);
    return list === undefined || desired.every(coverageOf(list));
  };
}

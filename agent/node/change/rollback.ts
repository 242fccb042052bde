// Rolls back a failed change: takes it out of the files, then restarts and verifies a kubelet that was started with the change.

import { errorText } from '../../text/error-text.ts';
import { type ArmPorts, expectHeld, restartTimer, UndoneByHostError } from './arm.ts';
import type { Journal } from '../state/journal.ts';
import type { OpenChange } from '../state/state-store.ts';
import type { Cluster, HostFiles } from '../ports.ts';
import { proveStarts } from './prove-starts.ts';
import { restartOrStartFailed } from './restart.ts';
import { restore, type RestorePorts } from './restore.ts';
import { verifyKubelet, type VerifyPorts } from './verify.ts';
import { checkNodeReady } from './node-ready.ts';

export interface RollBackPorts extends VerifyPorts, ArmPorts {
  readonly clock: VerifyPorts['clock'];
  readonly files: HostFiles;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

export interface RolledBack {
  /** `stuck`: the change is taken out, but the kubelet is not healthy without it either. */
  readonly kind: 'rolled-back' | 'stuck';
  readonly why: string;
  /** How often the agent started the kubelet for the change and its rollback. */
  readonly starts: number;
  /** Another party took the flag out between the agent's write and the kubelet's start. */
  readonly takenOut?: boolean;
}

/** The starts of a change that restarted the kubelet, and of its rollback. */
const BOTH_STARTS = 2;

/** The file could not be restored. Journal, timer and boot unit stay. */
export class RollBackError extends Error {
  override readonly name = 'RollBackError';
}

/**
 * Takes the change out of every environment file and, when the kubelet was started since, restarts and verifies it. `why`: why the
 * change failed. `isHealthy`: the kubelet was started for the change and is healthy, so it is restarted only where a file has changed.
 * Throws a RollBackError when the change could not be taken out, and an UndoneByHostError, before any restart, when the host's script has
 * claimed the journal meanwhile.
 */
export async function rollBack(
  ports: RollBackPorts,
  open: OpenChange,
  why: string,
  { isHealthy = false }: { readonly isHealthy?: boolean } = {},
): Promise<RolledBack> {
  const { journal } = open;
  const restored = await restoreOrThrow(ports, journal, why);
  if (isHealthy && restored.length === 0) {
    return { kind: 'rolled-back', why, starts: 1 };
  }
  const { fault, starts } = await restartWithout(ports, open);
  // A program that edits the file at the kubelet's start may have put the change into it again.
  const returned = await restoreOrThrow(ports, journal, why);
  if (returned.length > 0) {
    return {
      kind: 'stuck',
      why:
        `${why}. Rolled back, and another program wrote the change into ${returned.join(', ')} again before the kubelet's start. ` +
        `It was taken out once more, and the kubelet may still run with it${fault === undefined ? '' : `; ${fault}`}`,
      starts,
    };
  }
  return fault === undefined
    ? { kind: 'rolled-back', why, starts }
    : { kind: 'stuck', why: `${why}. Rolled back, and ${fault}`, starts };
}

/** Takes the change out as `restore`. Throws a RollBackError when it could not. `why`: why the change failed. */
export async function restoreOrThrow(
  ports: RestorePorts,
  journal: Journal,
  why: string,
): Promise<readonly string[]> {
  try {
    return await restore(ports, journal);
  } catch (error) {
    const text = `${why}. The change could not be taken out of ${journal.file}: ${errorText(error)}`;
    throw new RollBackError(text, { cause: error });
  }
}

interface Restarted {
  /** Why the kubelet is not healthy after its restart; undefined when it is, or when it was not started with the change. */
  readonly fault: string | undefined;
  /** Of the kubelet, for the change and its rollback. */
  readonly starts: number;
}

async function restartWithout(ports: RollBackPorts, open: OpenChange): Promise<Restarted> {
  const { journal } = open;
  const { unit } = journal;
  try {
    const before = ports.clock.now();
    const { invocationId } = await ports.systemd.status(unit);
    if (invocationId === journal.invocation) {
      return { fault: undefined, starts: 0 };
    }
    // The file holds the old list, so the earlier timer is harmless if this fails.
    await restartTimer(ports, journal).catch(() => {});
    await expectHeld(ports, open);
    await restartOrStartFailed(ports.systemd, unit);
    const first = { previousInvocation: invocationId, before };
    const result = await proveStarts(ports, first, async (start) => {
      const proof = await verifyKubelet(ports, {
        unit,
        previousInvocation: start.previousInvocation,
        healthz: journal.healthz ?? undefined,
        accepts: () => true,
      });
      const fault = proof.ok ? await checkNodeReady(ports, proof.status, start.before) : undefined;
      return fault === undefined ? proof : { ok: false, why: fault, ended: undefined };
    });
    return { fault: result.kind === 'fault' ? `still: ${result.why}` : undefined, starts: BOTH_STARTS };
  } catch (error) {
    if (error instanceof UndoneByHostError) {
      throw error;
    }
    return { fault: `the kubelet could not be restarted: ${errorText(error)}`, starts: BOTH_STARTS };
  }
}

// Rolls back a failed change: restores the file, then restarts and verifies a kubelet that was started with the change.

import { errorText } from '../../text/error-text.ts';
import { restartTimer, type ArmPorts } from './arm.ts';
import type { Journal } from '../state/journal.ts';
import type { Cluster, HostFiles } from '../ports.ts';
import { restartOrStartFailed } from './restart.ts';
import { restore } from './restore.ts';
import { verifyKubelet, type VerifyPorts } from './verify.ts';
import { checkNodeReady } from './node-ready.ts';

export interface RollBackPorts extends VerifyPorts, ArmPorts {
  readonly clock: VerifyPorts['clock'];
  readonly files: HostFiles;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

export type RolledBack = {
  /** `stuck`: the change is taken out, but the kubelet is not healthy without it either. */
  readonly kind: 'rolled-back' | 'stuck';
  readonly why: string;
  /** Another party took the flag out between the agent's write and the kubelet's start. */
  readonly takenOut?: boolean;
};

/** The file could not be restored. Journal, timer and boot unit stay. */
export class RollBackError extends Error {
  override readonly name = 'RollBackError';
}

/**
 * Takes the change out of every environment file and, when the kubelet was started since, restarts and verifies it. `why`: why the
 * change failed. `isHealthy`: the kubelet that runs now is healthy, so it is restarted only where a file has changed. Throws a
 * RollBackError when the change could not be taken out.
 */
export async function rollBack(
  ports: RollBackPorts,
  journal: Journal,
  why: string,
  { isHealthy = false }: { readonly isHealthy?: boolean } = {},
): Promise<RolledBack> {
  const restored = await restoreOrThrow(ports, journal, why);
  if (isHealthy && restored.length === 0) {
    return { kind: 'rolled-back', why };
  }
  const fault = await restartWithout(ports, journal);
  // A program that edits the file at the kubelet's start may have put the change into it again.
  const returned = await restoreOrThrow(ports, journal, why);
  if (returned.length > 0) {
    return {
      kind: 'stuck',
      why:
        `${why}. Rolled back, and another program wrote the change into ${returned.join(', ')} again before the kubelet's start. ` +
        `It was taken out once more, and the kubelet may still run with it${fault === undefined ? '' : `; ${fault}`}`,
    };
  }
  return fault === undefined
    ? { kind: 'rolled-back', why }
    : { kind: 'stuck', why: `${why}. Rolled back, and ${fault}` };
}

async function restoreOrThrow(
  ports: RollBackPorts,
  journal: Journal,
  why: string,
): Promise<readonly string[]> {
  try {
    return await restore(ports, journal);
  } catch (error) {
    throw new RollBackError(
      `${why}. The change could not be taken out of ${journal.file}: ${errorText(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Returns why the kubelet is not healthy after its restart; undefined when it is, or when it was not started with the change. */
async function restartWithout(ports: RollBackPorts, journal: Journal): Promise<string | undefined> {
  const { unit } = journal;
  try {
    const before = ports.clock.now();
    const { invocationId } = await ports.systemd.status(unit);
    if (invocationId === journal.invocation) {
      return undefined;
    }
    // The file holds the old list, so the earlier timer is harmless if this fails.
    await restartTimer(ports, journal).catch(() => {});
    await restartOrStartFailed(ports.systemd, unit);
    const proof = await verifyKubelet(ports, {
      unit,
      previousInvocation: invocationId,
      healthz: journal.healthz ?? undefined,
      accepts: () => true,
    });
    const fault = proof.ok ? await checkNodeReady(ports, proof.status, before) : proof.why;
    return fault === undefined ? undefined : `still: ${fault}`;
  } catch (error) {
    return `the kubelet could not be restarted: ${errorText(error)}`;
  }
}

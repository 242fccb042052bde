// Rolls back a failed change: restores the file, then restarts and verifies a kubelet that was started with the change.

import { revertAllowances } from '../../plan/revert.ts';
import { errorText } from '../../text/error-text.ts';
import { sha256Of } from '../../text/hash.ts';
import { restartTimer, type ArmPorts } from './arm.ts';
import { ChangedFileError } from '../changed-file.ts';
import type { Journal } from '../state/journal.ts';
import type { Cluster, HostFiles } from '../ports.ts';
import { proveStarts } from './prove-starts.ts';
import { verifyKubelet, type VerifyPorts } from './verify.ts';
import { checkNodeReady } from './node-ready.ts';

export interface RollBackPorts extends VerifyPorts, ArmPorts {
  readonly clock: VerifyPorts['clock'];
  readonly files: HostFiles;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

export interface RolledBack {
  /** `stuck`: the file is restored, but the kubelet is not healthy without the change either. */
  readonly kind: 'rolled-back' | 'stuck';
  readonly why: string;
  /** How often the agent started the kubelet for the change and its rollback. */
  readonly starts: number;
}

/** The starts of a change that restarted the kubelet, and of its rollback. */
const BOTH_STARTS = 2;

/** The file could not be restored. Journal, timer and boot unit stay. */
export class RollBackError extends Error {
  override readonly name = 'RollBackError';
}

/** Tries to restore the file while another party writes it between our read and our write. */
const TRIES = 5;

/**
 * Restores the file and, when the kubelet was started since, restarts and verifies it. `why`: why the change failed.
 * Throws a RollBackError when the file could not be restored.
 */
export async function rollBack(ports: RollBackPorts, journal: Journal, why: string): Promise<RolledBack> {
  const { unit } = journal;
  await putBack(ports, journal, why);
  try {
    const before = ports.clock.now();
    const { invocationId, activeState } = await ports.systemd.status(unit);
    if (invocationId === journal.invocation) {
      return { kind: 'rolled-back', why, starts: 0 };
    }
    // The file holds the old list, so the earlier timer is harmless if this fails.
    await restartTimer(ports, journal).catch(() => {});
    await (activeState === 'failed' ? ports.systemd.startFailed(unit) : ports.systemd.tryRestart(unit));
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
    return result.kind === 'fault'
      ? { kind: 'stuck', why: `${why}. Rolled back, and still: ${result.why}`, starts: BOTH_STARTS }
      : { kind: 'rolled-back', why, starts: BOTH_STARTS };
  } catch (error) {
    return {
      kind: 'stuck',
      why: `${why}. Rolled back, and the kubelet could not be restarted: ${errorText(error)}`,
      starts: BOTH_STARTS,
    };
  }
}

/** Restores the file as `restore`. Throws a RollBackError when it could not. `why`: why the change failed. */
export async function putBack(
  ports: Pick<RollBackPorts, 'files' | 'systemd'>,
  journal: Journal,
  why: string,
): Promise<void> {
  try {
    await restore(ports, journal);
  } catch (error) {
    const text = `${why}. The change could not be taken out of ${journal.file}: ${errorText(error)}`;
    throw new RollBackError(text, { cause: error });
  }
}

/**
 * Restores the exact old bytes when the file still holds ours; else removes only our allowances and keeps what another party
 * wrote. Throws when the file could not be written.
 */
export async function restore(
  { files, systemd }: Pick<RollBackPorts, 'files' | 'systemd'>,
  journal: Journal,
): Promise<void> {
  for (let tries = TRIES; ; tries -= 1) {
    const found = await files.read(journal.file);
    const wanted = withoutChange(journal, found, await systemd.version());
    if (sha256Of(wanted) === sha256Of(found)) {
      return;
    }
    try {
      const expected = { content: found };
      await (wanted === undefined
        ? files.remove(journal.file, { expected })
        : files.writeAtomic(journal.file, wanted, { expected }));
      return;
    } catch (error) {
      if (!(error instanceof ChangedFileError) || tries === 1) {
        throw error;
      }
    }
  }
}

/** True when the file holds any part of the change, also when another party has written it since. Throws as `restore`. */
export async function holdsChange(
  { files, systemd }: Pick<RollBackPorts, 'files' | 'systemd'>,
  journal: Journal,
): Promise<boolean> {
  const found = await files.read(journal.file);
  return sha256Of(withoutChange(journal, found, await systemd.version())) !== sha256Of(found);
}

function withoutChange(
  { file, before, after, flag, lastApplied, past }: Journal,
  found: Uint8Array | undefined,
  systemdVersion: number,
): Uint8Array | undefined {
  const hash = sha256Of(found);
  if (hash === after || hash === sha256Of(before)) {
    return before;
  }
  // A removed file holds no part of the change.
  return (
    found &&
    revertAllowances({
      path: file,
      found,
      before,
      applied: [...lastApplied.ours, ...lastApplied.folded],
      configuredAfter: past.to,
      flag,
      systemdVersion,
    })
  );
}

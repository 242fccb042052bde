// Rolls back a failed change: restores the file, then restarts and verifies a kubelet that was started with the change.

import { revertDropIn } from '../../kubelet/drop-in.ts';
import { revertAllowances } from '../../plan/revert.ts';
import { errorText } from '../../text/error-text.ts';
import { sha256Of } from '../../text/hash.ts';
import { restartTimer, type ArmPorts } from './arm.ts';
import { ChangedFileError } from '../changed-file.ts';
import type { Journal } from '../state/journal.ts';
import type { Cluster, HostFiles, WriteOptions } from '../ports.ts';
import { verifyKubelet, type VerifyPorts } from './verify.ts';
import { checkNodeReady } from './node-ready.ts';

export interface RollBackPorts extends VerifyPorts, ArmPorts {
  readonly clock: VerifyPorts['clock'];
  readonly files: HostFiles;
  readonly cluster: Pick<Cluster, 'seenReadiness' | 'readiness'>;
}

export type RolledBack =
  | { readonly kind: 'rolled-back'; readonly why: string }
  /** The file is restored, but the kubelet is not healthy without the change either. */
  | { readonly kind: 'stuck'; readonly why: string };

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
  const { unit, file } = journal;
  try {
    await restore(ports, journal);
  } catch (error) {
    throw new RollBackError(`${why}. The change could not be taken out of ${file}: ${errorText(error)}`, {
      cause: error,
    });
  }
  try {
    const before = ports.clock.now();
    const { invocationId, activeState } = await ports.systemd.status(unit);
    if (invocationId === journal.invocation) {
      return { kind: 'rolled-back', why };
    }
    // The file holds the old list, so the earlier timer is harmless if this fails.
    await restartTimer(ports, journal).catch(() => {});
    await (activeState === 'failed' ? ports.systemd.startFailed(unit) : ports.systemd.tryRestart(unit));
    const proof = await verifyKubelet(ports, {
      unit,
      previousInvocation: invocationId,
      healthz: journal.healthz ?? undefined,
      accepts: () => true,
    });
    const fault = proof.ok ? await checkNodeReady(ports, proof.status, before) : proof.why;
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
        : files.writeAtomic(journal.file, wanted, { expected, ...writeOptions(journal) }));
      return;
    } catch (error) {
      if (!(error instanceof ChangedFileError) || tries === 1) {
        throw error;
      }
    }
  }
}

/** The folder of --config-dir is never created: whether it exists decides whether a kubelet starts. */
export function writeOptions({ variable }: Pick<Journal, 'variable'>): Pick<WriteOptions, 'needsFolder'> {
  return variable === null ? { needsFolder: true } : {};
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
  { file, variable, before, after, flag, lastApplied, past }: Journal,
  found: Uint8Array | undefined,
  systemdVersion: number,
): Uint8Array | undefined {
  const hash = sha256Of(found);
  if (hash === after || hash === sha256Of(before)) {
    return before;
  }
  const applied = [...lastApplied.ours, ...lastApplied.folded];
  if (variable === null) {
    return found && revertDropIn({ path: file, found, before, applied, configuredAfter: past.to });
  }
  // A removed file holds no part of the change.
  return (
    found &&
    revertAllowances({
      path: file,
      ...(variable !== undefined && { variable }),
      found,
      before,
      applied,
      configuredAfter: past.to,
      flag,
      systemdVersion,
    })
  );
}

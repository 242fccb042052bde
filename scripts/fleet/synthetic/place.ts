// Where a synthetic fleet stands on this machine: recorded before it is made, so that it is removed even when this process is killed.

import { mkdir } from 'node:fs/promises';
import { DEFAULT_KUBERNETES_VERSION } from '../../bed/build/kubernetes.ts';
import { issue, makeAuthority } from '../../bed/control-plane/pki.ts';
import { makeCgroup } from '../../bed/host/cgroups.ts';
import { claimBed } from '../../bed/lifecycle/claim.ts';
import { startGuardian } from '../../bed/lifecycle/guardian.ts';
import { bedFolder, updateRecord } from '../../bed/lifecycle/record.ts';
import { takeDown } from '../../bed/lifecycle/take-down.ts';

export interface SyntheticPlace extends AsyncDisposable {
  readonly folder: string;
  /** What runs in them ends with the place. */
  readonly cgroups: readonly string[];
}

/** Makes the record of a bed without a control plane, its certificates and control groups. Disposal ends and removes all. */
export async function makePlace(nodes: number): Promise<SyntheticPlace> {
  if (process.getuid?.() !== 0)
    throw new Error('Expected to run as root: control groups and mounts are made.');
  const name = `synthetic-${process.pid}-${nodes}`;
  const record = await claimBed({ name, nodes: [] }, DEFAULT_KUBERNETES_VERSION);
  const down = (): Promise<void> => takeDown(name, { id: record.id });
  try {
    const guardian = startGuardian(name, record.id);
    updateRecord(name, (known) => ({ ...known, state: 'up', ...(guardian.id && { guardian: guardian.id }) }));
    makeCgroup(record.cgroups);
    const folder = bedFolder(name);
    await makeAuthority(folder);
    await Promise.all([
      mkdir(folder, { recursive: true }),
      issue(folder, 'apiserver', { commonName: 'synthetic', names: ['IP:127.0.0.1'] }),
      issue(folder, 'admin', { commonName: 'admin' }),
    ]);
    return { folder, cgroups: record.cgroups, [Symbol.asyncDispose]: down };
  } catch (error) {
    await down();
    throw error;
  }
}

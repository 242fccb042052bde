// The ConfigMap edits of the fleet bench.

import { stringify } from 'yaml';
import { LIST_KEY, POLICY_PATH } from '../kubernetes/names.ts';
import type { Admin } from '../bed/control-plane/admin.ts';
import { WAVE_LABEL } from './agents/objects.ts';

export interface Edit {
  readonly rollout: 'Coordinated' | 'Immediate';
  readonly allowances: readonly string[];
  /** Additional allowances for the nodes of these waves. */
  readonly more?: { readonly allowances: readonly string[]; readonly waves: readonly number[] };
  /** In the format of the ConfigMap. */
  readonly maxUnavailable: string;
  readonly canary: number;
  readonly soakSeconds: number;
  readonly nodeSoakSeconds: number;
}

/** Sends the edit; resolves after the API server has accepted it, with epoch ms of the instant before it was sent. */
export async function edit(admin: Admin, policy: Edit): Promise<number> {
  const at = Date.now();
  await admin.send('PATCH', POLICY_PATH, { data: dataOf(policy) });
  return at;
}

/** Returns the data of a new ConfigMap. */
export function textsIn(policy: Edit): Readonly<Record<string, string>> {
  const texts = Object.entries(dataOf(policy)).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return Object.fromEntries(texts);
}

/** Returns the data of a patch; null removes a key. */
export function dataOf({
  rollout,
  allowances,
  more,
  ...pace
}: Edit): Readonly<Record<string, string | null>> {
  const profiles = more?.waves.map((wave) => ({
    name: `wave-${wave}`,
    nodeSelector: { [WAVE_LABEL]: String(wave) },
    allowedUnsafeSysctls: more.allowances,
  }));
  return {
    rollout,
    [LIST_KEY]: `${allowances.join('\n')}\n`,
    profiles: profiles === undefined ? null : stringify(profiles, { aliasDuplicateObjects: false }),
    maxUnavailable: pace.maxUnavailable,
    canary: String(pace.canary),
    soakSeconds: String(pace.soakSeconds),
    nodeSoakSeconds: String(pace.nodeSoakSeconds),
  };
}

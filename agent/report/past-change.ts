// The record of a finished change, on the host's disk and in the Node's annotation.

import * as v from 'valibot';

const list = v.pipe(v.array(v.string()), v.readonly());
/** SHA-256 of a file's bytes, hexadecimal; null: no file. */
const sha256 = v.nullable(v.string());

/**
 * Done: committed. RolledBack: the agent rolled back. Stuck: the agent rolled back and the kubelet is still not healthy.
 * Undone: the rollback timer, the boot unit or the agent's next start rolled back.
 */
const CHANGE_RESULTS = ['Done', 'RolledBack', 'Stuck', 'Undone'] as const;

export const pastChangeSchema = v.object({
  /** RFC 3339. */
  at: v.string(),
  /** Why the agent made the change. */
  reason: v.string(),
  revision: v.string(),
  /** Of the policy's ConfigMap; absent when the ConfigMap was deleted. */
  resourceVersion: v.optional(v.string()),
  file: v.string(),
  before: sha256,
  after: sha256,
  /** The kubelet's list before the change, and the list that the change wanted. */
  from: list,
  to: list,
  /** The version of the kubelet's binary and the id of the node's boot; absent where an older agent wrote it. */
  kubelet: v.optional(v.string()),
  boot: v.optional(v.string()),
  /** Another party had taken the flag out: before a change that is Done, or during one that failed. */
  takenOut: v.optional(v.boolean()),
  result: v.picklist(CHANGE_RESULTS),
  /** The error, or what else happened during a change that is Done; absent when there was none. */
  why: v.optional(v.string()),
});

export type PastChange = Readonly<v.InferOutput<typeof pastChangeSchema>>;

/** Returns what else happened during a change that set a list and is Done, such as pods that the kubelet refused; undefined when nothing did. */
export function noteOf({ result, to, why }: PastChange): string | undefined {
  return result === 'Done' && to.length > 0 ? why : undefined;
}

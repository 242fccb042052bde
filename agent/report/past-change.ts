// A change as it is remembered once it is over: on the host's disk, and in the Node's annotation.

import * as v from 'valibot';

const list = v.pipe(v.array(v.string()), v.readonly());
/** SHA-256 of a file's bytes, hexadecimal; null: no file. */
const sha256 = v.nullable(v.string());

/**
 * Done: committed. RolledBack: by the agent. Stuck: by the agent, and the kubelet is not healthy with it. Undone: by the
 * host itself, or by the agent's next start.
 */
const CHANGE_RESULTS = ['Done', 'RolledBack', 'Stuck', 'Undone'] as const;

export const pastChangeSchema = v.object({
  /** RFC 3339. */
  at: v.string(),
  /** Why it was made. */
  reason: v.string(),
  revision: v.string(),
  /** Of the ConfigMap that asked for it; absent when that was gone. */
  resourceVersion: v.optional(v.string()),
  file: v.string(),
  before: sha256,
  after: sha256,
  /** What the kubelet ran with before, and was to run with. */
  from: list,
  to: list,
  result: v.picklist(CHANGE_RESULTS),
  /** What went wrong; absent when nothing did. */
  why: v.optional(v.string()),
});

export type PastChange = Readonly<v.InferOutput<typeof pastChangeSchema>>;

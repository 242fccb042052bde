// What the agent's files on the host hold.

import * as v from 'valibot';
import { pastChangeSchema } from '../../report/past-change.ts';

const list = v.pipe(v.array(v.string()), v.readonly());
/** SHA-256 of a file's bytes, hexadecimal; null: no file. */
const sha256 = v.nullable(v.string());

export const lastAppliedSchema = v.object({ ours: list, folded: list });

/** The file as it was before the agent touched it first, and as the agent left it. */
export const originalSchema = v.object({
  file: v.string(),
  /** Base64; null: there was no file. */
  bytes: v.nullable(v.string()),
  left: sha256,
});

/** What a change that is committed replaces. */
export const committedSchema = v.object({
  lastApplied: lastAppliedSchema,
  appliedRevision: v.optional(v.string()),
  lastChange: v.optional(v.string()),
  original: v.optional(originalSchema),
});

export const stateSchema = v.object({
  version: v.literal(1),
  ...committedSchema.entries,
  /** The data of the last ConfigMap that was a valid policy. */
  policy: v.optional(v.record(v.string(), v.string())),
  /** A change that failed: not tried again for the same situation before its pause is over. */
  failure: v.optional(
    v.object({
      situation: v.string(),
      /** Absent where an older agent wrote it. */
      revision: v.optional(v.string()),
      attempts: v.number(),
      at: v.string(),
      message: v.string(),
    }),
  ),
  /** RFC 3339: when a person asked last for another try. No pause that began before it is waited for. */
  retryAskedAt: v.optional(v.string()),
  /** What the kubelet of this InvocationID was started with: its config files may have changed since. */
  started: v.optional(v.object({ invocation: v.string(), running: list })),
  /** The last changes, oldest first. */
  history: v.optional(v.pipe(v.array(pastChangeSchema), v.readonly())),
});

// The schema of the agent's files on the host.

import * as v from 'valibot';
import { pastChangeSchema } from '../../report/past-change.ts';

const list = v.pipe(v.array(v.string()), v.readonly());
/** SHA-256 of a file's bytes, hexadecimal; null: no file. */
const sha256 = v.nullable(v.string());

export const lastAppliedSchema = v.object({ ours: list, folded: list });

/** A file before the agent's first change, and its hash after the agent's last. */
export const originalSchema = v.object({
  file: v.string(),
  /** Whose words it wrote; null: the file is the agent's drop-in. Absent: KUBELET_EXTRA_ARGS. */
  variable: v.optional(v.nullable(v.string())),
  /** Base64; null: there was no file. */
  bytes: v.nullable(v.string()),
  left: sha256,
  /** The allowances that the last change put into it. Absent where an older agent wrote it. */
  applied: v.optional(list),
  /** What its assignment hides and repeats, with the place of that. */
  carried: v.optional(v.object({ origin: v.string(), value: v.string() })),
});
/** Every file that the agent has written. */
export const originalsSchema = v.optional(v.pipe(v.array(originalSchema), v.readonly()));

/** The part of the state that a committed change replaces. */
export const committedSchema = v.object({
  lastApplied: lastAppliedSchema,
  appliedRevision: v.optional(v.string()),
  lastChange: v.optional(v.string()),
  originals: originalsSchema,
  /** In place of `originals`, where an older agent wrote it. */
  original: v.optional(originalSchema),
});

export const stateSchema = v.object({
  version: v.literal(1),
  ...committedSchema.entries,
  /** The data of the last valid ConfigMap. */
  policy: v.optional(v.record(v.string(), v.string())),
  /** Selectors of the profiles that counted last (policy/selectors.ts): one of a missing label counts for another minute. */
  profiles: v.optional(list),
  /** A failed change; in the same situation the agent waits before it retries. */
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
  /** RFC 3339: the user's last retry request. It ends every pause that began before it. */
  retryAskedAt: v.optional(v.string()),
  /** The allowances with which the kubelet of this InvocationID was started: its config files may have changed since. */
  started: v.optional(v.object({ invocation: v.string(), running: list })),
  /** The kubelet's last starts by the agent or the host's undo script, oldest first, each with the end of its change. */
  starts: v.optional(
    v.pipe(
      v.array(
        v.object({
          at: v.string(),
          /** On the monotonic clock of its boot, in ms. */
          monotonicMs: v.number(),
          revision: v.string(),
          /** Of the policy's ConfigMap; absent when the ConfigMap was deleted. */
          resourceVersion: v.optional(v.string()),
        }),
      ),
      v.readonly(),
    ),
  ),
  /** The last changes, oldest first. */
  history: v.optional(v.pipe(v.array(pastChangeSchema), v.readonly())),
});

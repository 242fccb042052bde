// What the agent remembers on the host between its own restarts: one small JSON file, and one more while a change
// is under way.

import * as v from 'valibot';
import type { HostFiles } from './ports.ts';

/** The agent's own folder on the host. */
export const MEMORY_FOLDER = '/var/lib/kubelet-sysctl-agent';
const STATE_FILE = `${MEMORY_FOLDER}/state.json`;
const CHANGE_FILE = `${MEMORY_FOLDER}/change.json`;
const OWNER_ONLY = 0o600;

/** Done: committed. RolledBack: by the agent. Stuck: by the agent, and the kubelet is not healthy with it. Undone: by the host itself. */
const CHANGE_RESULTS = ['Done', 'RolledBack', 'Stuck', 'Undone'] as const;
const MOST_PAST_CHANGES = 10;

const list = v.pipe(v.array(v.string()), v.readonly());
const lastAppliedSchema = v.object({ ours: list, folded: list });

const sha256 = v.nullable(v.string());

/** A change as it is remembered once it is over. */
const pastChangeSchema = v.object({
  /** RFC 3339. */
  at: v.string(),
  /** Why it was made. */
  reason: v.string(),
  revision: v.string(),
  /** Of the ConfigMap that asked for it; absent when that was gone. */
  resourceVersion: v.optional(v.string()),
  file: v.string(),
  /** SHA-256 of the file's bytes before and after, hexadecimal; null: no file. */
  before: sha256,
  after: sha256,
  /** What the kubelet ran with before, and was to run with. */
  from: list,
  to: list,
  result: v.picklist(CHANGE_RESULTS),
  /** What went wrong; absent when nothing did. */
  why: v.optional(v.string()),
});

const stateSchema = v.object({
  version: v.literal(1),
  lastApplied: lastAppliedSchema,
  appliedRevision: v.optional(v.string()),
  lastChange: v.optional(v.string()),
  /** The data of the last ConfigMap that was a valid policy. */
  policy: v.optional(v.record(v.string(), v.string())),
  /** A change that was rolled back: not tried again for the same situation before its pause is over. */
  failure: v.optional(
    v.object({ situation: v.string(), attempts: v.number(), at: v.string(), message: v.string() }),
  ),
  /** The last changes, oldest first. */
  history: v.optional(v.pipe(v.array(pastChangeSchema), v.readonly())),
  /** The file as it was before the agent touched it first, and as the agent left it; forgotten once somebody else wrote it. */
  original: v.optional(v.object({ file: v.string(), bytes: v.nullable(v.string()), left: sha256 })),
});

/** A change that has begun: enough to complete or undo it. */
const changeSchema = v.object({
  version: v.literal(1),
  startedAt: v.string(),
  unit: v.string(),
  healthz: v.nullable(v.object({ address: v.string(), port: v.number() })),
  file: v.string(),
  /** The file's bytes before the change, base64; null when there was no file. */
  before: v.nullable(v.string()),
  after: v.nullable(v.string()),
});

export type Memory = Readonly<v.InferOutput<typeof stateSchema>>;
export type PastChange = Readonly<v.InferOutput<typeof pastChangeSchema>>;
export type Failure = NonNullable<Memory['failure']>;
export type BegunChange = Readonly<v.InferOutput<typeof changeSchema>>;

export const NOTHING_REMEMBERED: Memory = { version: 1, lastApplied: { ours: [], folded: [] } };

/** With one more change in the history, which holds the last ten. */
export function withPastChange(memory: Memory, change: PastChange): Memory {
  return { ...memory, history: [...(memory.history ?? []), change].slice(-MOST_PAST_CHANGES) };
}

/** A file of the agent's own on the host that this version cannot read. */
export class MemoryError extends Error {
  constructor(path: string, cause: unknown) {
    super(
      `Expected ${path} to hold what this agent wrote, got something else. ` +
        `Compare ${MEMORY_FOLDER} with the kubelet's environment file, then move the file away.`,
      { cause },
    );
    this.name = 'MemoryError';
  }
}

export interface MemoryStore {
  /** Throws a MemoryError when the file is there and not ours. */
  load(): Promise<Memory>;
  save(memory: Memory): Promise<void>;
  begunChange(): Promise<BegunChange | undefined>;
  beginChange(change: BegunChange): Promise<void>;
  endChange(): Promise<void>;
}

/** The memory in its folder on the host; every write is atomic and synced. */
export function memoryStore(files: HostFiles): MemoryStore {
  return {
    load: async () => (await readJson(files, STATE_FILE, stateSchema)) ?? NOTHING_REMEMBERED,
    save: (memory) => files.writeAtomic(STATE_FILE, encode(memory), { mode: OWNER_ONLY }),
    begunChange: () => readJson(files, CHANGE_FILE, changeSchema),
    beginChange: (change) => files.writeAtomic(CHANGE_FILE, encode(change), { mode: OWNER_ONLY }),
    endChange: () => files.remove(CHANGE_FILE),
  };
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}

async function readJson<T extends v.GenericSchema>(
  files: HostFiles,
  path: string,
  schema: T,
): Promise<v.InferOutput<T> | undefined> {
  const content = await files.read(path);
  if (content === undefined) {
    return undefined;
  }
  try {
    return v.parse(schema, JSON.parse(Buffer.from(content).toString()));
  } catch (error) {
    throw new MemoryError(path, error);
  }
}

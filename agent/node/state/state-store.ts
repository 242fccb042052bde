// What the agent keeps on the host between its own restarts: its memory, and the journal while a change is open.

import * as v from 'valibot';
import type { PastChange } from '../../report/past-change.ts';
import { type Journal, parseJournal, printJournal } from './journal.ts';
import type { committedSchema, originalSchema } from './schema.ts';
import { stateSchema } from './schema.ts';
import type { HostFiles } from '../ports.ts';
import { STATE_DIR } from '../../names.ts';

/** There while a change is open. */
export const JOURNAL_FILE = `${STATE_DIR}/change`;
/** The journal, once the host's undo script has taken it: while it works, and after it for whose sake it ran. */
export const TAKEN_FILE = `${STATE_DIR}/undoing`;
export const UNDONE_FILES = {
  timer: `${STATE_DIR}/undone-timer`,
  boot: `${STATE_DIR}/undone-boot`,
} as const;
export const STATE_FILE = `${STATE_DIR}/state.json`;
const BACKUP_FILE = `${STATE_DIR}/backup`;
const OWNER_ONLY = 0o600;
const MOST_PAST_CHANGES = 10;

export type AgentState = Readonly<v.InferOutput<typeof stateSchema>>;
export type Failure = NonNullable<AgentState['failure']>;
export type Original = Readonly<v.InferOutput<typeof originalSchema>>;
export type { PastChange };
export type Committed = Readonly<v.InferOutput<typeof committedSchema>>;

export const EMPTY_STATE: AgentState = { version: 1, lastApplied: { ours: [], folded: [] } };

/** The part of the memory that a change replaces when it is committed. */
export function committedPart({ lastApplied, appliedRevision, lastChange, original }: AgentState): Committed {
  return {
    lastApplied,
    ...(appliedRevision !== undefined && { appliedRevision }),
    ...(lastChange !== undefined && { lastChange }),
    ...(original !== undefined && { original }),
  };
}

/** With one more change in the history, which holds the last ten; in place of what was said of the same change before. */
export function withPastChange(agentState: AgentState, change: PastChange): AgentState {
  const others = (agentState.history ?? []).filter(({ at }) => at !== change.at);
  return { ...agentState, history: [...others, change].slice(-MOST_PAST_CHANGES) };
}

/** A file of the agent's own on the host that this version cannot read. */
export class StateError extends Error {
  constructor(path: string, cause: unknown) {
    super(
      `Expected ${path} to hold what this agent wrote, got something else. ` +
        `Compare ${STATE_DIR} with the kubelet's environment file, then move the file away.`,
      { cause },
    );
    this.name = 'StateError';
  }
}

/** A change that somebody began and did not end. */
export interface OpenChange {
  readonly journal: Journal;
  /** Who has the journal: nobody, the host's script that works on it, or that script in the past, at whose call. */
  readonly holder: 'unclaimed' | 'script' | keyof typeof UNDONE_FILES;
}

export interface StateStore {
  /** Throws a StateError when the file is there and not ours. */
  load(): Promise<AgentState>;
  /** Nothing to remember: the folder goes. */
  save(agentState: AgentState): Promise<void>;
  open(): Promise<OpenChange | undefined>;
  begin(journal: Journal): Promise<void>;
  /** Removes the journal. False when it was not there any more: the host is undoing the change. */
  commit(): Promise<boolean>;
  /** Removes what the host's script left of a change. */
  forgetUndone(): Promise<void>;
  /** Removes what writes that were cut off have left. */
  tidy(): Promise<void>;
  /** Keeps bytes for a person; resolves with the path. */
  backUp(bytes: Uint8Array): Promise<string>;
}

/** The memory in its folder on the host; every write is atomic and synced. */
export function stateStore(files: HostFiles): StateStore {
  const write = (path: string, text: string | Uint8Array): Promise<void> =>
    files.writeAtomic(path, Buffer.from(text), { mode: OWNER_ONLY });

  return {
    load: async () =>
      (await readOwn(files, STATE_FILE, (text) => v.parse(stateSchema, JSON.parse(text)))) ?? EMPTY_STATE,
    save: (agentState) =>
      agentState === EMPTY_STATE
        ? files.removeFolder(STATE_DIR)
        : write(STATE_FILE, `${JSON.stringify(agentState, undefined, 2)}\n`),
    async open() {
      const places = [
        [JOURNAL_FILE, 'unclaimed'],
        [TAKEN_FILE, 'script'],
        [UNDONE_FILES.timer, 'timer'],
        [UNDONE_FILES.boot, 'boot'],
      ] as const;
      for (const [path, holder] of places) {
        const journal = await readOwn(files, path, parseJournal);
        if (journal !== undefined) {
          return { journal, holder };
        }
      }
      return undefined;
    },
    begin: (journal) => write(JOURNAL_FILE, printJournal(journal)),
    commit: () => files.remove(JOURNAL_FILE),
    async forgetUndone() {
      for (const path of [TAKEN_FILE, ...Object.values(UNDONE_FILES)]) {
        await files.remove(path);
      }
    },
    async tidy() {
      for (const path of [JOURNAL_FILE, STATE_FILE, BACKUP_FILE]) {
        await files.tidy(path);
      }
    },
    async backUp(bytes) {
      await write(BACKUP_FILE, bytes);
      return BACKUP_FILE;
    },
  };
}

async function readOwn<T>(
  files: HostFiles,
  path: string,
  parse: (text: string) => T,
): Promise<T | undefined> {
  const content = await files.read(path);
  if (content === undefined) {
    return undefined;
  }
  try {
    return parse(Buffer.from(content).toString());
  } catch (error) {
    throw new StateError(path, error);
  }
}

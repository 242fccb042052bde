// The agent's files on the host: its state, and the journal while a change is open.

import * as v from 'valibot';
import type { PastChange } from '../../report/past-change.ts';
import { type Journal, parseJournal, printJournal } from './journal.ts';
import type { committedSchema, originalSchema } from './schema.ts';
import { stateSchema } from './schema.ts';
import type { HostFiles } from '../ports.ts';
import { STATE_DIR } from '../../names.ts';

/** Exists while a change is open. */
export const JOURNAL_FILE = `${STATE_DIR}/change`;
/** The journal while the host's undo script works on it. */
export const TAKEN_FILE = `${STATE_DIR}/undoing`;
/** The journal after the undo script has ended, by what started the script. */
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

/** Returns the part of the state that a committed change replaces. */
export function committedPart(agentState: AgentState): Committed {
  const { lastApplied, appliedRevision, lastChange, original, originals } = agentState;
  return {
    lastApplied,
    ...(appliedRevision !== undefined && { appliedRevision }),
    ...(lastChange !== undefined && { lastChange }),
    ...(originals !== undefined && { originals }),
    ...(original !== undefined && { original }),
  };
}

/** Returns the state with the change in its history of the last ten; replaces an earlier entry of the same change. */
export function withPastChange(agentState: AgentState, change: PastChange): AgentState {
  const others = (agentState.history ?? []).filter(({ at }) => at !== change.at);
  return { ...agentState, history: [...others, change].slice(-MOST_PAST_CHANGES) };
}

/** One of the agent's files on the host is not readable by this version. */
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

/** A change that was begun and not ended. */
export interface OpenChange {
  readonly journal: Journal;
  /** `unclaimed`: the undo script has not started; `script`: it works on the journal; else it has ended, and this is what started it. */
  readonly holder: 'unclaimed' | 'script' | keyof typeof UNDONE_FILES;
}

export interface StateStore {
  /** Returns the saved state, or EMPTY_STATE when there is none. Throws a StateError when the file is not readable. */
  load(): Promise<AgentState>;
  /** Writes the state; EMPTY_STATE removes the folder. */
  save(agentState: AgentState): Promise<void>;
  /** Returns the open change, if there is one. Throws a StateError as `load`. */
  open(): Promise<OpenChange | undefined>;
  /** Writes the journal. */
  begin(journal: Journal): Promise<void>;
  /** Removes the journal. Returns false when the host's undo script has claimed it. */
  commit(): Promise<boolean>;
  /** Removes the journals that the undo script has left. */
  forgetUndone(): Promise<void>;
  /** Removes temporary files of interrupted writes. */
  tidy(): Promise<void>;
  /** Saves bytes for manual recovery; resolves with the path. */
  backUp(bytes: Uint8Array): Promise<string>;
}

/** Returns the store in its folder on the host; every write is atomic and synced. */
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
      const paths = [
        [JOURNAL_FILE, 'unclaimed'],
        [TAKEN_FILE, 'script'],
        [UNDONE_FILES.timer, 'timer'],
        [UNDONE_FILES.boot, 'boot'],
      ] as const;
      for (const [path, holder] of paths) {
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

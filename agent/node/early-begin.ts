// A change begun while systemd is still being asked about the kubelet, so that it does not wait for the disk then. A journal,
// a switch and a new file beside the old one are harmless without a change: whoever undoes it finds the old bytes in the file.

import { sha256Of } from '../text/hash.ts';
import { begin, type ChangePorts, commit, expectUntouched } from './change.ts';
import { type Journal, printJournal } from './journal.ts';
import type { HostFiles } from './ports.ts';

export interface Begun {
  readonly journal: Journal;
  /** Rejects when journal or switch could not be made; nothing is left of them then. */
  readonly begun: Promise<void>;
  /**
   * Puts the new file, which is made ready meanwhile, in the old one's place once the change has begun. Rejects as `begun`, when
   * somebody else wrote the file since `before`, or when it could not.
   */
  readonly write: () => Promise<void>;
}

export interface EarlyBegin {
  /** Begins the change that is to be expected, and returns at once. `after` is the new file; undefined: there is to be none. */
  expect(journal: Journal, after: Uint8Array | undefined): void;
  /** The change has come: it is the expected one, or is begun now. */
  take(journal: Journal, after: Uint8Array | undefined): Promise<Begun>;
  /** No change has come. */
  forgo(): Promise<void>;
}

export function earlyBegin(ports: ChangePorts): EarlyBegin {
  let early: Prepared | undefined;

  async function forgo(): Promise<void> {
    const found = early;
    early = undefined;
    await found?.drop();
    if (found !== undefined && (await succeeds(found.begun))) {
      await commit(ports, found.journal);
    }
  }

  return {
    expect(journal, after) {
      early ??= prepare(ports, journal, after);
    },

    async take(journal, after) {
      const found = early;
      if (found !== undefined && isSame(found.journal, journal)) {
        early = undefined;
        return found;
      }
      await forgo();
      return prepare(ports, journal, after);
    },

    forgo,
  };
}

interface Prepared extends Begun {
  /** Removes the new file instead. */
  readonly drop: () => Promise<void>;
}

/** Nobody may wait for it yet when it fails. */
function prepare(ports: ChangePorts, journal: Journal, after: Uint8Array | undefined): Prepared {
  const begun = begin(ports, journal);
  const go = Promise.withResolvers<void>();
  const written = putAfter(ports.files, journal, after, go.promise);
  for (const promise of [begun, go.promise, written]) {
    promise.catch(() => {});
  }
  return {
    journal,
    begun,
    write() {
      go.resolve(begun.then(() => expectUntouched(ports, journal)));
      return written;
    },
    async drop() {
      go.reject(new Error('No change has come'));
      await succeeds(written);
    },
  };
}

async function putAfter(
  files: HostFiles,
  { file, ...journal }: Journal,
  after: Uint8Array | undefined,
  go: Promise<void>,
): Promise<void> {
  const changed = sha256Of(journal.before) !== journal.after;
  if (after !== undefined && changed) {
    await files.writeAtomic(file, after, { after: go });
    return;
  }
  await go;
  if (changed) {
    await files.remove(file);
  }
}

function succeeds(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}

function isSame(one: Journal, other: Journal): boolean {
  return withoutInstant(one) === withoutInstant(other);
}

function withoutInstant(journal: Journal): string {
  return printJournal({ ...journal, past: { ...journal.past, at: '' } });
}

// A change begun while systemd is still being asked about the kubelet, so that it does not wait for the disk then. A journal
// and a switch without a change are harmless: whoever undoes it finds the old bytes in the file.

import { begin, type ChangePorts, commit } from './change.ts';
import { type Journal, printJournal } from './journal.ts';

export interface Begun {
  readonly journal: Journal;
  /** Rejects when journal or switch could not be made; nothing is left of them then. */
  readonly begun: Promise<void>;
}

export interface EarlyBegin {
  /** Begins the change that is to be expected, and returns at once. */
  expect(journal: Journal): void;
  /** The change has come: it is the expected one, or is begun now. */
  take(journal: Journal): Promise<Begun>;
  /** No change has come. */
  forgo(): Promise<void>;
}

export function earlyBegin(ports: ChangePorts): EarlyBegin {
  let early: Begun | undefined;

  async function forgo(): Promise<void> {
    const found = early;
    early = undefined;
    if (found !== undefined && (await hasBegun(found))) {
      await commit(ports, found.journal);
    }
  }

  return {
    expect(journal) {
      if (early === undefined) {
        early = { journal, begun: begin(ports, journal) };
        // Whoever takes it hears of its failure.
        early.begun.catch(() => {});
      }
    },

    async take(journal) {
      const found = early;
      if (found !== undefined && isSame(found.journal, journal)) {
        early = undefined;
        return found;
      }
      await forgo();
      return { journal, begun: begin(ports, journal) };
    },

    forgo,
  };
}

async function hasBegun({ begun }: Begun): Promise<boolean> {
  return begun.then(
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

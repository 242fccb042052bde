// Which of the ten networks a bed has. Everything that two beds could fight over (bridge, addresses, machine names) follows from it.

import { existsSync } from 'node:fs';
import { bedNames, readRecord } from './record.ts';

const SLOTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

export class NoSlotError extends Error {
  constructor(holders: readonly string[]) {
    super(
      `Expected a free network, but all ${SLOTS.length} are in use (${holders.join(', ')}). ` +
        'Remove a bed: scripts/cluster status, then scripts/cluster down --name NAME.',
    );
    this.name = 'NoSlotError';
  }
}

/** A slot that no record has; whoever calls holds the lock under which records begin. Throws a NoSlotError. */
export function freeSlot(): number {
  const holders = new Map(bedNames().map((name) => [readRecord(name)?.slot, name]));
  // Another user's beds are not in our records, but the machine has one set of links.
  const slot = SLOTS.find((each) => !holders.has(each) && !existsSync(`/sys/class/net/${bridgeName(each)}`));
  if (slot === undefined) throw new NoSlotError(SLOTS.map((each) => holders.get(each) ?? bridgeName(each)));
  return slot;
}

export function bridgeName(slot: number): string {
  return `ksabr${slot}`;
}

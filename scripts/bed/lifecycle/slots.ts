// A bed's slot: one of ten networks. It determines all that two beds must not share (bridge, addresses, machine names).

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

/** Returns a slot that no record has; throws a NoSlotError. The caller must hold the lock under which records are created. */
export function freeSlot(): number {
  const holders = new Map(bedNames().map((name) => [readRecord(name)?.slot, name]));
  // Another user's beds are not in our records, but their bridges exist on the machine.
  const slot = SLOTS.find((each) => !holders.has(each) && !existsSync(`/sys/class/net/${bridgeName(each)}`));
  if (slot === undefined) throw new NoSlotError(SLOTS.map((each) => holders.get(each) ?? bridgeName(each)));
  return slot;
}

export function bridgeName(slot: number): string {
  return `ksabr${slot}`;
}

// The machine goes down in the middle of a change. What its kernel had not written by then is lost.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEMPORARY_MARK } from '../../agent/host/files/temporary.ts';
import { JOURNAL_FILE, UNDONE_FILES } from '../../agent/node/state/state-store.ts';
import { healthz } from '../../scripts/node/kubelet.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { awaitHealthy } from '../e2e/support/node/healthy.ts';
import { SEED } from '../faults/support/change/instants.ts';
import { printTime } from './support/figures.ts';
import { type JournalMode, useJournalMode } from './support/file-system.ts';
import { crashAt, type Instant, instantsOf, reach, rememberBefore } from './support/instants.ts';
import { BOOT_UNIT_FILES, leftInTheEnd, leftOvers } from './support/left-overs.ts';
import { byLength, LENGTH } from './support/length.ts';
import { FLAG, machine, machineWith } from './support/node.ts';

const [FIRST, LAST] = ['net.core.somaxconn', 'kernel.sem'] as const;
const FLAGGED = /--allowed-unsafe-sysctls=[^"\s]*/u;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** What an agent finds and removes when it starts: how a change was undone, or a change of which no more than this had been done. */
const OF_AN_UNDONE_CHANGE: readonly string[] = [
  JOURNAL_FILE,
  ...Object.values(UNDONE_FILES),
  ...BOOT_UNIT_FILES,
];
/** What its own services take from the boot of a container until the kubelet serves; times the node's slowness. */
const HEALTHY_MS = 20_000;

interface Way {
  readonly what: string;
  readonly journal: JournalMode;
  /** Resolves when the machine has gone down at the instant of the change that `edit` causes, and is up again. */
  readonly goDown: (node: TestNode, instant: Instant, edit: () => Promise<void>) => Promise<void>;
  /** How many random instants the long form has. */
  readonly random: number;
}

const POWER_CUT: Way = {
  what: 'a power cut',
  journal: 'data=ordered',
  async goDown(node, instant, edit) {
    await Promise.all([reach(node, instant), edit()]);
    await node.bedNode.kill();
    await node.bedNode.boot();
  },
  random: 16,
};
const CRASH: Way = {
  what: 'a crash of the kernel',
  journal: 'data=ordered',
  async goDown(node, instant, edit) {
    const before = await node.text(BOOT_ID);
    await Promise.all([crashAt(node, instant), edit()]);
    await awaitBoot(node, before);
  },
  random: 4,
};
const REBOOT: Way = {
  what: 'a reboot',
  journal: 'data=ordered',
  async goDown(node, instant, edit) {
    await Promise.all([reach(node, instant), edit()]);
    await node.bedNode.reboot();
  },
  random: 2,
};
const WAYS: readonly Way[] = byLength<readonly Way[]>({
  short: [POWER_CUT],
  long: [POWER_CUT, { ...POWER_CUT, journal: 'data=writeback' }, CRASH, REBOOT],
});

describe.each(WAYS)(
  'after $what in the middle of a change, on ext4 with $journal',
  ({ what, journal, goDown, random }) => {
    beforeAll(async () => useJournalMode(await machineWith([FIRST]), journal));
    afterAll(async () => useJournalMode(await machine(), 'data=ordered'));

    // Each change begins as soon as the agent has started after the last one.
    it.each(instantsOf(random).map((instant, round) => ({ ...instant, round })))(
      'when $step, and $thenSeconds s later, the file is the old or the new one and the kubelet healthy',
      async ({ round, ...instant }) => {
        // One that no earlier round had.
        const next = `net.core.round_${round}`;
        const node = await machine();
        const [text = '', facts] = [await node.text(), await node.facts()];
        await rememberBefore(node);

        const begun = performance.now();
        await goDown(node, instant, () => node.setList([next]));
        await awaitHealthy(node, { timeoutMs: HEALTHY_MS });

        const booted = await node.text();
        expect([text, withList(text, next)]).toContain(booted);
        expect(await node.facts()).toMatchObject({ mode: facts?.mode, uid: facts?.uid, gid: facts?.gid });
        expect(await healthz(node.bedNode)).toContain('200 OK');
        // Without a journal, the unit of a committed change does nothing at a boot. The next write removes temporary files.
        const mayStay = booted === text ? OF_AN_UNDONE_CHANGE : BOOT_UNIT_FILES;
        const left = (await leftOvers(node)).filter((path) => !path.includes(TEMPORARY_MARK));
        expect(left.filter((path) => !mayStay.includes(path))).toEqual([]);
        expect((await node.kubelet()).argv.at(-1)).toBe(FLAGGED.exec(booted ?? '')?.[0]);
        printTime(
          `${whenOf(what, instant)}: ${booted === text ? 'the old file' : 'the new file'} after`,
          begun,
        );
      },
    );

    it.runIf(LENGTH === 'long')('the next change is made, and nothing of the others is left', async () => {
      const node = await machine();
      const text = await node.text();
      await node.setList([LAST]);
      await node.awaitDone([LAST]);
      expect(await node.text()).toBe(withList(text ?? '', LAST));
      expect(await leftInTheEnd(node)).toEqual([]);
    });
  },
);

function withList(text: string, list: string): string {
  return text.replace(FLAGGED, FLAG + list);
}

function whenOf(what: string, { step, thenSeconds }: Instant): string {
  return `${what} when ${step}, then ${thenSeconds} s (seed ${SEED})`;
}

/** Resolves when the machine, which its kernel restarts, has booted again and its kubelet runs. */
async function awaitBoot(node: TestNode, before: string | undefined): Promise<void> {
  await node.waitFor({ what: 'boot again' }, async () => {
    const now = await node.text(BOOT_ID).catch(() => before);
    if (now === undefined || now === before) return undefined;
    return (await node.kubelet()).activeState === 'active' ? true : undefined;
  });
}

// The machine goes down in the middle of a change. What its kernel had not written by then is lost.

import { describe, expect, it } from 'vitest';
import { until } from '../../scripts/bed/util/until.ts';
import { healthz } from '../../scripts/node/kubelet.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { SEED } from '../faults/support/change/instants.ts';
import { printFigure, printTime } from './support/figures.ts';
import { crashAt, type Instant, instantsOf, reach, rememberBefore } from './support/instants.ts';
import { leftOvers } from './support/left-overs.ts';
import { byLength } from './support/length.ts';
import { FLAG, machineWith } from './support/node.ts';

const LISTS = ['net.core.somaxconn', 'kernel.sem', 'net.ipv4.tcp_max_syn_backlog'] as const;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

interface Way {
  readonly what: string;
  /** Resolves when the machine has gone down at the instant of the change that `edit` causes, and is up again. */
  readonly goDown: (node: TestNode, instant: Instant, edit: () => Promise<void>) => Promise<void>;
  /** How many random instants the long form has. */
  readonly random: number;
}

const POWER_CUT: Way = {
  what: 'a power cut',
  async goDown(node, instant, edit) {
    await Promise.all([reach(node, instant), edit()]);
    await node.bedNode.kill();
    await node.bedNode.boot();
  },
  random: 16,
};
const CRASH: Way = {
  what: 'a crash of the kernel',
  async goDown(node, instant, edit) {
    const before = await node.text(BOOT_ID);
    await node.exec(['sysctl', '-qw', 'kernel.panic=1']);
    await Promise.all([crashAt(node, instant), edit()]);
    await awaitBoot(node, before);
  },
  random: 4,
};
const REBOOT: Way = {
  what: 'a reboot',
  async goDown(node, instant, edit) {
    await Promise.all([reach(node, instant), edit()]);
    await node.bedNode.reboot();
  },
  random: 2,
};
const WAYS = byLength({ short: [POWER_CUT], long: [POWER_CUT, CRASH, REBOOT] });

describe.each(WAYS)('after $what in the middle of a change', ({ what, goDown, random }) => {
  it.each(instantsOf(random).map((instant, round) => ({ ...instant, round })))(
    'when $step, and $thenSeconds s later, the file is the old or the new one and nothing of the change is left',
    async ({ round, ...instant }) => {
      const [old, next] = [listOf(round), listOf(round + 1)];
      const node = await machineWith([old]);
      const [text = '', facts] = [await node.text(), await node.facts()];
      await rememberBefore(node);

      const begun = performance.now();
      await goDown(node, instant, () => node.setList([next]));
      printTime(`${what}, and the boot`, begun);

      const booted = await node.text();
      expect([text, text.replace(FLAG + old, FLAG + next)]).toContain(booted);
      expect(await node.facts()).toMatchObject({ mode: facts?.mode, uid: facts?.uid, gid: facts?.gid });
      printFigure(whenOf(what, instant), booted === text ? 'the old file' : 'the new file');

      await node.awaitDone([next]);
      printTime(`${what}, until Done`, begun);
      expect(await node.text()).toBe(text.replace(FLAG + old, FLAG + next));
      expect((await node.kubelet()).argv.at(-1)).toBe(FLAG + next);
      expect(await healthz(node.bedNode)).toContain('200 OK');
      await until(async () => (await leftOvers(node)).length === 0, { timeoutMs: 60_000, everyMs: 500 });
      expect(await leftOvers(node)).toEqual([]);
    },
  );
});

function whenOf(what: string, { step, thenSeconds }: Instant): string {
  return `${what} when ${step}, then ${thenSeconds} s (seed ${SEED})`;
}

function listOf(round: number): string {
  return LISTS[round % LISTS.length] ?? LISTS[0];
}

/** Resolves when the machine, which its kernel restarts, has booted again and its kubelet runs. */
async function awaitBoot(node: TestNode, before: string | undefined): Promise<void> {
  await node.waitFor({ what: 'boot again' }, async () => {
    const now = await node.text(BOOT_ID).catch(() => before);
    if (now === undefined || now === before) return undefined;
    return (await node.kubelet()).activeState === 'active' ? true : undefined;
  });
}

// Interrupted changes: the agent is killed, permanently or not, or the node's power is cut.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { asContainer } from '../../scripts/bed/bed.ts';
import { spreadOf } from '../../scripts/bench/report/statistics.ts';
import { agentsOn, killAll } from './support/agent/agent-kills.ts';
import { refuse, refuseNothing, useFaultyKubelet } from '../../scripts/node/faulty-kubelet.ts';
import { PATHS } from './support/change/host-view.ts';
import { chanceFrom, instants, partOf, SEED } from './support/change/instants.ts';
import { killedForGood } from './support/agent/kept-dead.ts';
import { byLength, LENGTH, printFigures, seconds } from './support/length.ts';
import { counted } from './support/progress.ts';
import { surelyCutAt } from './support/change/round.ts';
import { type Instant, type Step, STEP_NAMES } from './support/change/steps.ts';
import { awaitAgent, listInFile, openSubject } from './support/change/subject.ts';

/** Random instants of the long form, in addition to each step once. */
const RANDOM = { kills: 184, cuts: 34 };
const TIMEOUT_MS = byLength({ short: 300_000, long: 4 * 3_600_000 });
const SECOND_KILL_WITHIN_MS = 4000;
/** One before the write, and each after which something else is to be done. */
const SHORT_STEPS: readonly Step[] = [
  'the unit for the boot is there',
  'the file is replaced',
  'the proof is reported',
  'the change is remembered',
  'the timer is gone',
];
describe.concurrent('a node is correct, with exactly the bytes of the old or the new file, after', () => {
  it.each(['n1', 'n2'] as const)(
    'kill -9 of its agent at any step and at random instants (%s)',
    { timeout: TIMEOUT_MS },
    async (name) => {
      await using subject = await openSubject(name);
      const { node } = subject;
      const chance = chanceFrom(SEED + Number(name.slice(1)));
      const took: number[] = [];
      let twice = 0;
      const part = name === 'n1' ? 'even' : 'odd';
      const all = byLength<readonly Instant[]>({
        short: partOf(SHORT_STEPS, part),
        long: instants({ part, random: RANDOM.kills / 2 }),
      });
      for (const instant of counted(`kill -9 on ${name}`, all)) {
        const agents = agentsOn(node);
        const round = await surelyCutAt(subject, instant, () => killAll(agents));
        const killedAt = performance.now();
        listInFile(node, round);
        await awaitAgent(node, agents);
        if (LENGTH === 'long' && chance() < 0.25) {
          await sleep(chance() * SECOND_KILL_WITHIN_MS);
          const next = agentsOn(node);
          if (killAll(next)) twice += 1;
          await awaitAgent(node, next);
        }
        await subject.awaitRight(round);
        took.push(performance.now() - killedAt);
      }
      expect(took).toHaveLength(all.length);
      printFigures(`kill -9 of the agent (${name}, seed ${SEED})`, {
        kills: took.length + twice,
        'twice in one change': twice,
        'right again after': `${seconds(spreadOf(took).median)} (at most ${seconds(Math.max(...took))})`,
      });
    },
  );

  it(
    'kill -9 of an agent that never returns: the host rolls back the change (n4)',
    { timeout: TIMEOUT_MS },
    async () => {
      await using subject = await openSubject('n4');
      const { node } = subject;
      const ends: boolean[] = [];
      for (const step of counted(
        'kept dead',
        byLength({ short: partOf(SHORT_STEPS, 'even'), long: STEP_NAMES }),
      )) {
        const old = subject.now;
        ends.push((await killedForGood(subject, step, 'by hand')) === old);
      }
      printFigures('kill -9 of the agent, kept dead', {
        rounds: ends.length,
        undone: ends.filter(Boolean).length,
      });

      await useFaultyKubelet(node);
      const withTimer = byLength({ short: ['by hand'] as const, long: ['by hand', 'by its timer'] as const });
      for (const end of withTimer) {
        const old = subject.now;
        await refuse(node, subject.peek());
        expect(await killedForGood(subject, 'the kubelet is started', end)).toBe(old);
        await refuseNothing(node);
      }
      printFigures('the same, and a kubelet that does not start with the new list', {
        rounds: withTimer.length,
      });
    },
  );

  it('a power cut at any step and at random instants (n3)', { timeout: TIMEOUT_MS }, async () => {
    await using subject = await openSubject('n3');
    const { node } = subject;
    const ends: boolean[] = [];
    /** Of each cut that left a journal: whether the kubelet started with the old file. */
    const guarded: boolean[] = [];
    const all = byLength<readonly Instant[]>({
      short: SHORT_STEPS,
      long: instants({ part: 'all', random: RANDOM.cuts }),
    });
    for (const instant of counted('power cuts', all)) {
      const { leader } = asContainer(node.bedNode);
      const round = await surelyCutAt(subject, instant, () => process.kill(leader, 'SIGKILL'));
      await node.bedNode.kill();
      const isOpen = (await node.facts(PATHS.journal)) !== undefined;
      await node.bedNode.boot();
      const booted = listInFile(node, round);
      if (isOpen) guarded.push(booted === round.old);
      ends.push((await subject.awaitRight(round, atBoot)) === round.old);
    }
    expect(guarded).toContain(true);
    expect(guarded).not.toContain(false);
    expect(ends).toHaveLength(all.length);
    printFigures(`power cut (seed ${SEED})`, {
      cuts: ends.length,
      'undone at boot': ends.filter(Boolean).length,
    });
  });
});

/** The first pause after a failed change is 30 s, and until then it says so. */
const atBoot = (reason: string): boolean =>
  reason.includes('undone by the node itself: the node went down during the change');

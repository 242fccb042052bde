// kill -9 of the agent in the middle of a change.

import { describe, expect, it } from 'vitest';
import { agentsOn, keepDead, killAll } from './agent-kills.ts';
import { hostLook, PLACES } from './host-look.ts';
import { printFigures } from './length.ts';
import { surelyCutAt } from './round.ts';
import { STEP_NAMES } from './steps.ts';
import { awaitAgent, healthz, listInFile, moment, openSubject } from './subject.ts';

describe.concurrent('an agent that is killed', () => {
  it('at any step of a change is followed by one that makes the node right', async () => {
    await using subject = await openSubject('n1');
    const { node } = subject;
    const took: number[] = [];
    for (const step of STEP_NAMES) {
      const agents = agentsOn(node);
      const round = await surelyCutAt(subject, step, () => killAll(agents));
      const killedAt = performance.now();
      expect({ step, hit: round.hit }).toEqual({ step, hit: true });
      listInFile(node, round);
      await awaitAgent(node, agents);
      await subject.awaitRight(round);
      took.push(performance.now() - killedAt);
      console.log(step, took.at(-1));
    }
    printFigures('kill -9 at each step', {
      rounds: took.length,
      'right after at most': seconds(Math.max(...took)),
    });
  });

  it('and kept dead leaves a node that its own timer sets right', async () => {
    await using subject = await openSubject('n2');
    const { node } = subject;
    for (const step of STEP_NAMES) {
      const agents = agentsOn(node);
      const round = await surelyCutAt(subject, step, () => killAll(agents));
      using dead = keepDead(node);
      expect({ step, hit: round.hit }).toEqual({ step, hit: true });
      await moment();
      const look = hostLook(node.bedNode);
      const open = look.exists(PLACES.journal);
      if (look.exists(PLACES.timer)) {
        await node.exec(['systemctl', 'start', '--wait', PLACES.undoService]);
      }
      const { bytes } = listInFile(node, round);
      if (open)
        expect({ step, bytes: bytes.toString() }).toEqual({ step, bytes: round.old.bytes.toString() });
      await node.waitFor({ what: 'have a healthy kubelet without its agent' }, async () =>
        (await healthz(node)).includes('200 OK') ? true : undefined,
      );
      console.log(step, open, dead.kills);
      dead[Symbol.dispose]();
      await subject.awaitRight(round, wasUndone);
    }
  });
});

/** The first pause after a failed change is 30 s, and until then it says so. */
const wasUndone = (reason: string): boolean => reason.includes('undone by the node itself');

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

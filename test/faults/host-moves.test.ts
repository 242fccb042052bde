// Other things that happen to a node while its agent changes it.

import { describe, expect, it } from 'vitest';
import { agentsOn, keepDead, killAll } from './support/agent/agent-kills.ts';
import { hostView, PATHS } from './support/change/host-view.ts';
import { LENGTH, printFigures } from './support/length.ts';
import { surelyCutAt } from './support/change/round.ts';
import type { Step } from './support/change/steps.ts';
import { awaitHealthy } from '../e2e/support/node/healthy.ts';
import { listInFile, moment, type Lists, openSubject, type Subject } from './support/change/subject.ts';

const KILL_KUBELET = ['systemctl', 'kill', '--signal=KILL', '--kill-who=main', 'kubelet'];
const never = (): boolean => false;

interface Move {
  readonly what: string;
  readonly argv: readonly string[];
  readonly steps: readonly Step[];
}

const MOVES: readonly Move[] = [
  {
    what: 'the kubelet is killed during the proof',
    argv: KILL_KUBELET,
    steps: ['the kubelet is started'],
  },
  {
    what: 'the kubelet is killed during the soak',
    argv: KILL_KUBELET,
    steps: ['the proof is reported'],
  },
  {
    what: 'systemd is told to read its units again',
    argv: ['systemctl', 'daemon-reload'],
    steps: ['the unit for the boot is there', 'the file is replaced', 'the proof is reported'],
  },
  {
    what: 'containerd is restarted',
    argv: ['systemctl', 'restart', 'containerd'],
    steps: ['the file is replaced', 'the proof is reported'],
  },
];

describe.runIf(LENGTH === 'long').concurrent('a node ends in a correct state', () => {
  it('when another host event happens during a change', async () => {
    await using subject = await openSubject('n1');
    for (const { what, argv, steps } of MOVES) {
      const ends: string[] = [];
      for (const step of steps) {
        const { round, moved } = await moveAt(subject, step, argv);
        await moved;
        const list = await subject.awaitRight(round, never);
        expect({ what, step, failed: list === round.old }).toEqual({ what, step, failed: false });
        ends.push(list === round.old ? 'rolled back' : 'done');
      }
      printFigures(what, { times: ends.length, ends: [...new Set(ends)].join(' and ') });
    }
  });

  it('when its agent stays dead: the rollback timer rolls back, not the boot unit', async () => {
    await using subject = await openSubject('n2');
    const { node } = subject;
    const agents = agentsOn(node);
    const round = await surelyCutAt(subject, 'the proof is reported', () => killAll(agents));
    using dead = keepDead(node);
    await node.exec(['systemctl', 'daemon-reload']);
    await node.restartKubelet();
    await moment();
    expect(listInFile(node, round)).toBe(round.next);

    await node.exec(['systemctl', 'start', '--wait', PATHS.undoService]);

    expect(listInFile(node, round)).toBe(round.old);
    expect(hostView(node.bedNode).exists(PATHS.undone.timer)).toBe(true);
    await awaitHealthy(node, { what: 'have a healthy kubelet without its agent' });
    dead[Symbol.dispose]();
    await subject.awaitRight(round, (reason) => reason.includes('the agent did not complete it in time'));
  });
});

async function moveAt(
  subject: Subject,
  step: Step,
  argv: readonly string[],
): Promise<{ readonly round: Lists; readonly moved: Promise<unknown> }> {
  let moved: Promise<unknown> = Promise.resolve();
  const round = await surelyCutAt(subject, step, () => {
    moved = subject.node.exec(argv);
  });
  return { round, moved };
}

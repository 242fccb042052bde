// The power of a node is cut in the middle of a change: its PID 1 is killed, and with it everything that runs there.

import { describe, expect, it } from 'vitest';
import { LENGTH, printFigures } from './length.ts';
import { instants, type Part } from './instants.ts';
import { surelyCutAt } from './round.ts';
import type { Step } from './steps.ts';
import { listInFile, openSubject, type Subject } from './subject.ts';

const RANDOM = { short: 1, long: 25 } as const;
/** Cut here, the journal is on the disk and the unit for the boot with it: the kubelet must start with the old file. */
const GUARDED: ReadonlySet<unknown> = new Set<Step>([
  'the file is replaced',
  'the kubelet is started',
  'healthz answers',
  'the proof is reported',
  'the soak is half over',
]);

describe.concurrent('a node whose power is cut', () => {
  it.each([
    ['n1', 'even'],
    ['n2', 'odd'],
  ] as const)('at a step of a change boots with the old file or the new one (%s)', async (name, part) => {
    await using subject = await openSubject(name);
    const ends = await cutEach(subject, part);
    printFigures(`power cut of ${name}`, {
      cuts: ends.length,
      'undone at boot': ends.filter((end) => end === 'old').length,
      kept: ends.filter((end) => end === 'new').length,
    });
  });
});

async function cutEach(subject: Subject, part: Part): Promise<readonly ('old' | 'new')[]> {
  const { node } = subject;
  const ends: ('old' | 'new')[] = [];
  for (const instant of instants({ part, random: RANDOM[LENGTH] })) {
    const { leader } = node.bedNode;
    const round = await surelyCutAt(subject, instant, () => process.kill(leader, 'SIGKILL'));
    expect({ instant, hit: round.hit }).toEqual({ instant, hit: true });
    await node.bedNode.kill();
    await node.bedNode.boot();
    const booted = listInFile(node, round);
    if (GUARDED.has(instant))
      expect({ instant, names: booted.names }).toEqual({ instant, names: round.old.names });
    const list = await subject.awaitRight(round, wasUndone);
    ends.push(list === round.old ? 'old' : 'new');
  }
  return ends;
}

/** The first pause after a failed change is 30 s, and until then it says so. */
const wasUndone = (reason: string): boolean =>
  /undone by the node itself: the node went down in the middle/u.test(reason);

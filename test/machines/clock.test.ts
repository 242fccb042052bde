// The clock of a virtual machine jumps in the middle of a change: by an hour, each way.

import { afterAll, describe, expect, it } from 'vitest';
import { healthz } from '../../scripts/node/kubelet.ts';
import { printTime } from './support/figures.ts';
import { reach, rememberBefore, STEPS_OF_A_CHANGE } from './support/instants.ts';
import { leftInTheEnd } from './support/left-overs.ts';
import { FLAG, machine, machineWith } from './support/node.ts';

const HOUR_SECONDS = 3600;
const BEFORE = 'net.core.somaxconn';
const AFTER = 'kernel.sem';

afterAll(async () => advanceClock(0));

// Before the bed's certificates began nothing could be verified.
describe.each([
  { jump: 'forward', from: 0, to: HOUR_SECONDS },
  { jump: 'back', from: HOUR_SECONDS, to: 0 },
])('when the clock jumps an hour $jump', ({ jump, from, to }) => {
  it.each(STEPS_OF_A_CHANGE.slice(0, 3))(
    'when %s, the change is made once and nothing of it is left',
    async (step) => {
      await advanceClock(from);
      const node = await machineWith([BEFORE]);
      const text = await node.text();
      await rememberBefore(node);

      const begun = performance.now();
      await Promise.all([reach(node, { step, thenSeconds: 0 }), node.setList([AFTER])]);
      await advanceClock(to);
      await node.awaitDone([AFTER]);
      printTime(`an hour ${jump} when ${step}, until Done`, begun);

      expect(await node.text()).toBe(text?.replace(FLAG + BEFORE, FLAG + AFTER));
      expect((await node.kubelet()).argv.at(-1)).toBe(FLAG + AFTER);
      expect(await healthz(node.bedNode)).toContain('200 OK');
      expect(await leftInTheEnd(node)).toEqual([]);
    },
  );
});

/** Sets the machine's clock so many seconds ahead of this one. */
async function advanceClock(seconds: number): Promise<void> {
  const node = await machine();
  await node.exec(['date', '--utc', `--set=@${(Date.now() / 1000 + seconds).toFixed(3)}`]);
}

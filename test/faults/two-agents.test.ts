// Two agents on one node, by mistake.

import { expect, it } from 'vitest';
import { agentsOn } from './support/agent/agent-kills.ts';
import { LENGTH } from './support/length.ts';
import { begin } from './support/change/round.ts';
import { openSubject } from './support/change/subject.ts';
import { secondAgent, withoutFirstAgent } from './support/agent/two-agents.ts';

const WAITS = 'Another agent holds the node lock';
const BEGAN = 'The agent started';

it.runIf(LENGTH === 'long')(
  'the second of two agents on a node only logs that it waits, until the first is gone',
  async () => {
    await using subject = await openSubject('n1');
    const { node } = subject;
    const [pid] = agentsOn(node);
    await using second = await secondAgent(node);
    await second.awaitLog(WAITS);

    const { invocationId } = await node.kubelet();
    const round = await begin(subject);
    expect(await subject.awaitRight(round, undefined, 2)).toBe(round.next);
    const { invocationId: changed } = await node.kubelet();
    expect(changed).not.toBe(invocationId);

    await using first = new AsyncDisposableStack();
    first.use(await withoutFirstAgent(node));
    await second.awaitLog(BEGAN);
    expect(agentsOn(node)).not.toContain(pid);
    const again = await begin(subject);
    expect(await subject.awaitRight(again)).toBe(again.next);
  },
);

// The host's own service, killed in the middle of a change, and a power cut of its node.

import { expect, it, onTestFinished } from 'vitest';
import { asContainer } from '../../scripts/bed/bed.ts';
import { until } from '../../scripts/bed/util/until.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { freshNode } from '../e2e/support/node/fresh.ts';
import {
  awaitStatus,
  editPolicy,
  installService,
  labelForService,
  SERVICE,
} from '../e2e/support/node/host-service.ts';
import { hostServiceOn, killAll } from './support/agent/agent-kills.ts';
import { hostView, PATHS } from './support/change/host-view.ts';
import { atInstant, FLEETING, type Step, STEP_NAMES } from './support/change/steps.ts';
import { type List, wrongWith } from './support/change/subject.ts';
import { LENGTH, printFigures } from './support/length.ts';
import { counted } from './support/progress.ts';

const NAMES = ['net.core.somaxconn', 'net.ipv4.tcp_max_syn_backlog', 'kernel.sem'] as const;
/** Each list takes the last one's name away. */
const PROCEED = '  inUse: Proceed\n';
/** Those that the node's files show for more than a moment. */
const STEPS = STEP_NAMES.filter(
  (step) => !FLEETING.has(step) && step !== 'the proof is reported' && step !== 'the soak is half over',
);
const TIMEOUT_MS = 3_600_000;
const STEP_MS = 60_000;
const CLEAN_MS = 60_000;

it.runIf(LENGTH === 'long')(
  "kill -9 of the host's own service and a power cut at any step of its change end with a healthy kubelet and the bytes of the old or the new file (n2)",
  { timeout: TIMEOUT_MS },
  async () => {
    const node = await freshNode('n2');
    onTestFinished(await installService(node));
    await labelForService(node);
    await editPolicy(node, [NAMES[0]], PROCEED);
    await node.exec(['systemctl', 'enable', '--now', SERVICE]);
    await awaitStatus(node, /^Done: The kubelet runs with/u);
    const subject = subjectOf(node, (await node.text()) ?? '');

    for (const step of counted('kill -9 of the service', STEPS)) {
      await subject.cutAt(step, () => {
        const pid = hostServiceOn(node);
        expect(pid !== undefined && killAll([pid])).toBe(true);
      });
      expect(await subject.awaitRight()).toBe('new');
    }

    const ends: string[] = [];
    for (const step of counted('power cuts', STEPS)) {
      const { leader } = asContainer(node.bedNode);
      await subject.cutAt(step, () => process.kill(leader, 'SIGKILL'));
      await node.bedNode.kill();
      await node.bedNode.boot();
      ends.push(await subject.awaitRight());
    }
    printFigures("the host's own service", {
      kills: STEPS.length,
      'power cuts': ends.length,
      'undone at boot': ends.filter((end) => end === 'old').length,
    });
  },
);

interface Subject {
  /** Edits the policy and calls `act` at the step. */
  cutAt(step: Step, act: () => void): Promise<void>;
  /** Resolves with the file's content when the service says how the change ended and nothing of it is left. */
  awaitRight(): Promise<'old' | 'new'>;
}

/** `text`: of the file with the first list. */
function subjectOf(node: TestNode, text: string): Subject {
  let now: string = NAMES[0];
  let next: string = NAMES[0];
  return {
    async cutAt(step, act) {
      const host = hostView(node.bedNode);
      const tried = next;
      // What failed last would wait.
      next = NAMES.find((name) => name !== now && name !== tried) ?? NAMES[1];
      const before = {
        environmentFile: node.environmentFile,
        bytes: host.bytes(node.environmentFile),
        invocation: host.link(PATHS.invocation),
      };
      const follow = { host, before, provenAt: () => undefined, timeoutMs: STEP_MS };
      const reached = atInstant(step, follow, act);
      await editPolicy(node, [next], PROCEED);
      expect(await reached, `a change that comes to the step ${step}`).toBe(true);
    },
    async awaitRight() {
      const { status } = await awaitStatus(
        node,
        new RegExp(`^Done: The kubelet runs with|^Degraded: .*undone by the node itself`, 'u'),
      );
      const end = status.startsWith('Done') ? 'new' : 'old';
      now = end === 'new' ? next : now;
      await expectRight(node, { names: [now], bytes: Buffer.from(text.replace(NAMES[0], now)) });
      return end;
    },
  };
}

async function expectRight(node: TestNode, list: List): Promise<void> {
  const facts = await node.facts();
  if (facts === undefined) throw new Error(`Expected ${node.environmentFile}, found none.`);
  let wrong: readonly string[] = [];
  const isRight = async (): Promise<boolean> => {
    wrong = await wrongWith(node, { list, facts, agents: 0 });
    return wrong.length === 0;
  };
  await until(isRight, { timeoutMs: CLEAN_MS, everyMs: 100 });
  expect(wrong).toEqual([]);
}

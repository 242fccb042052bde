// Changes whose agent is killed and never returns: what the host does without it.

import { until } from '../../../../scripts/bed/util/until.ts';
import { agentsOn, keepDead, killAll } from './agent-kills.ts';
import { hostView, PATHS } from '../change/host-view.ts';
import { surelyCutAt } from '../change/round.ts';
import type { Instant } from '../change/steps.ts';
import { healthz } from '../../../../scripts/node/kubelet.ts';
import { type List, listInFile, moment, type Subject } from '../change/subject.ts';

/** Who ends the time that the switch gives the agent: the host's timer when it has run out, or we, at once. */
export type Ends = 'by hand' | 'by its timer';

/** 240 s and the soak, and some to spare. */
const TIMER_MS = 300_000;

/**
 * Kills the agent at the instant and keeps it dead until the host has undone what was open. Resolves with the list that the node has
 * then, once its kubelet is healthy with it and a new agent has ended what was left; throws when it does not come to that.
 */
export async function killedForGood(subject: Subject, instant: Instant, ends: Ends): Promise<List> {
  const { node } = subject;
  const agents = agentsOn(node);
  const round = await surelyCutAt(subject, instant, () => killAll(agents));
  const dead = keepDead(node);
  try {
    await moment();
    const host = hostView(node.bedNode);
    const open = host.exists(PATHS.journal);
    if (ends === 'by its timer') {
      await until(() => !host.exists(PATHS.timer), { timeoutMs: TIMER_MS, everyMs: 200 });
    } else if (host.exists(PATHS.timer)) {
      await node.exec(['systemctl', 'start', '--wait', PATHS.undoService]);
    }
    const found = listInFile(node, round);
    if (open && found !== round.old) {
      throw new Error(
        `Expected ${node.name} to have rolled back the change without the agent, but the file holds the new list.`,
      );
    }
    await node.waitFor({ what: 'have a healthy kubelet with its file, without its agent' }, async () => {
      const { argv } = await node.kubelet();
      const fits = argv.at(-1)?.endsWith(`=${found.names.join()}`);
      return fits === true && (await healthz(node.bedNode)).includes('200 OK') ? true : undefined;
    });
  } finally {
    dead[Symbol.dispose]();
  }
  return subject.awaitRight(round, byTimer);
}

/** The first pause after a failed change is 30 s, and until then it says so. */
const byTimer = (reason: string): boolean =>
  reason.includes('undone by the node itself: the agent did not complete it in time');

// The instants of a change at which the machine goes down, each recognized in the machine itself.

import { JOURNAL_FILE } from '../../../agent/node/state/state-store.ts';
import { chanceFrom, SEED } from '../../faults/support/change/instants.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';
import { byLength } from './length.ts';

const BEFORE = '/run/machines-before';
const INVOCATION = '/run/systemd/units/invocation:kubelet.service';
/** From the journal to its end, a change takes some 8 s in an emulated machine; some cuts come later. */
const CHANGE_SECONDS = 12;
/** The agent may still have to start. Of a container; times the node's slowness. */
const REACHED_MS = 90_000;

/** Conditions of a shell, where $1 is the kubelet's file; each holds some time after the journal was written. */
const STEPS = {
  'the journal is written': 'true',
  'the file is replaced': `! cmp -s "$1" ${BEFORE}`,
  'the kubelet is restarted': `[ "$(readlink ${INVOCATION})" != "$(cat ${BEFORE}-invocation)" ]`,
  'the change is committed': `[ ! -e ${JOURNAL_FILE} ]`,
} as const;

/** In their order. */
export const STEPS_OF_A_CHANGE = Object.keys(STEPS).filter((name): name is Instant['step'] => name in STEPS);

export interface Instant {
  readonly step: keyof typeof STEPS;
  readonly thenSeconds: number;
}

/** Returns the instants of a way to go down: the first three steps in the short form; in the long form every step, then chance. */
export function instantsOf(random: number): readonly Instant[] {
  const chance = chanceFrom(SEED);
  const atSteps = STEPS_OF_A_CHANGE.map((step) => ({ step, thenSeconds: 0 }));
  const atRandom = Array.from({ length: random }, () => ({
    step: 'the journal is written' as const,
    thenSeconds: Number((chance() * CHANGE_SECONDS).toFixed(2)),
  }));
  return byLength({
    short: atSteps.slice(0, 3),
    long: [...atSteps, ...atRandom],
  });
}

/** To be called before the change of which `reach` recognizes the instants. */
export async function rememberBefore(node: TestNode): Promise<void> {
  const script = `cp "$1" ${BEFORE}; readlink ${INVOCATION} >${BEFORE}-invocation`;
  await node.exec(['sh', '-c', script, 'sh', node.environmentFile]);
}

/** Resolves when a change that begins later is at the instant; throws when it does not come there in time. */
export async function reach({ bedNode, environmentFile }: TestNode, instant: Instant): Promise<void> {
  await bedNode.exec(['bash', '-c', scriptOf(instant), 'bash', environmentFile], timeLimit(bedNode));
}

/** Crashes the kernel at the instant of a change that begins later; resolves when the connection has ended. */
export async function crashAt({ bedNode, environmentFile }: TestNode, instant: Instant): Promise<void> {
  const script = `${scriptOf(instant)}\necho c >/proc/sysrq-trigger`;
  const options = { ...timeLimit(bedNode), reject: false };
  await bedNode.exec(['bash', '-c', script, 'bash', environmentFile], options);
}

function scriptOf({ step, thenSeconds }: Instant): string {
  const waits = [waitFor(`[ -e ${JOURNAL_FILE} ]`), waitFor(STEPS[step])];
  return ['exec 9<> <(:)', ...waits, `sleep ${thenSeconds}`].join('\n');
}

/** In an emulated machine, each small program takes time from the change itself: the pause is the shell's own. */
function waitFor(condition: string): string {
  return `until ${condition}; do read -rt 0.1 -u 9; done`;
}

function timeLimit({ slowness }: { readonly slowness: number }): { readonly timeoutMs: number } {
  return { timeoutMs: REACHED_MS * slowness };
}

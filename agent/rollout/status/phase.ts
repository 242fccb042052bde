// The phase of the rollout and its reason for people.

import type { Canaries } from '../decision/canaries.ts';
import type { Phase, RolloutDecision } from '../fleet.ts';
import type { Gate } from '../decision/gate.ts';
import type { Candidate } from '../decision/node-status.ts';
import { shorten } from '../../report/shorten.ts';
import { countOf, only } from '../decision/many.ts';
import { namesText, nodesText, timeText } from '../decision/text.ts';
import { placesText } from './places.ts';

export interface Situation {
  readonly gate: Gate;
  /** The selected nodes in the order of names, without joining ones. */
  readonly members: readonly Candidate[];
  readonly joining: readonly Candidate[];
  readonly canaries: Canaries;
  /** The members that this decision approves. */
  readonly approved: readonly Candidate[];
  readonly maxUnavailable: number;
  readonly holders: RolloutDecision['holders'];
  /** Approvals wait for the agents' reports on the edit. */
  readonly awaitsAnswers: boolean;
}

export interface Told {
  readonly phase: Phase;
  readonly reason: string;
}

export function phaseOf(situation: Situation): Told {
  const { gate, members, joining } = situation;
  if (gate.kind === 'invalid') {
    return { phase: 'Waiting', reason: gate.reason };
  }
  if (gate.kind === 'paused') {
    return { phase: 'Paused', reason: `${gate.reason} ${countsText(situation)}` };
  }
  if (gate.kind === 'halted') {
    return { phase: 'Halted', reason: gate.reason };
  }
  if (members.length === 0 && joining.length === 0) {
    return {
      phase: 'Waiting',
      reason:
        'No agent has reported on any node yet. Check whether the pods of the DaemonSet run: kubectl -n kubelet-sysctl-agent get pods -o wide',
    };
  }
  const current = inProgress(situation);
  const joins = countOf(joining, ({ standing }) => standing !== 'done');
  return joins === 0
    ? current
    : {
        ...current,
        reason: `${current.reason} ${nodesText(joins)} about to join ${joins === 1 ? 'is' : 'are'} changed in addition.`,
      };
}

function inProgress(situation: Situation): Told {
  const { gate, members } = situation;
  const waiting = withStanding(members, 'waiting');
  const changing = withStanding(members, 'changing');
  const failed = withStanding(members, 'failed');
  if (waiting.length + changing.length === 0) {
    return failed.length === 0
      ? { phase: 'Done', reason: doneReason(members) }
      : {
          phase: 'Rolling',
          reason: `${countsText(situation)} The agents of failed nodes retry: ${namesText(failed)}.`,
        };
  }
  if (gate.kind === 'immediate') {
    return { phase: 'Rolling', reason: `${gate.reason} ${countsText(situation)}` };
  }
  if (gate.kind === 'closed' && waiting.length > 0) {
    return { phase: 'Waiting', reason: `${gate.reason} ${countsText(situation)}` };
  }
  return rolling(situation, waiting, changing);
}

function rolling(situation: Situation, waiting: readonly Candidate[], changing: readonly Candidate[]): Told {
  const { canaries, approved, members, awaitsAnswers } = situation;
  const { stage = 'Rolling' } = canaries;
  if (awaitsAnswers) {
    const silent = waiting.filter(hasNotReported);
    const why =
      silent.length === 0 ? 'Their agents may still report what blocks the change.' : silentReason(silent);
    return { phase: stage, reason: `${countsText(situation)} ${why}` };
  }
  const first = members.filter((member) => canaries.isCanary(member));
  if (canaries.missing && stage !== 'Rolling' && waiting.length > 0) {
    return {
      phase: 'Waiting',
      reason:
        'No node has the labels that canary names, so no canary can go first, and the other nodes wait. Label a node, ' +
        'or set canary to a number (0: no canaries).',
    };
  }
  if (stage === 'Soaking') {
    const until = canaries.soaks.length === 0 ? undefined : new Date(Math.max(...canaries.soaks));
    const when =
      until === undefined ? 'until they have stayed Ready for soakSeconds' : `until ${timeText(until)}`;
    const places = until === undefined ? placesText(situation) : '';
    return {
      phase: 'Soaking',
      reason:
        `The canaries are changed (${namesText(first)}) and soak ${when}; then ${nodesText(waiting.length)} follow.` +
        (places === '' ? '' : ` Places of maxUnavailable: ${places}.`),
    };
  }
  if (stage === 'Canary') {
    return { phase: 'Canary', reason: canaryReason(situation, first, waiting) };
  }
  const moves = changing.length + approved.length;
  const stuck = moves === 0 && waiting.length > 0 ? ` ${stuckReason(situation, waiting)}` : '';
  return { phase: 'Rolling', reason: `${countsText(situation)}${stuck}` };
}

function canaryReason(
  situation: Situation,
  first: readonly Candidate[],
  waiting: readonly Candidate[],
): string {
  const [failed] = withStanding(first, 'failed');
  if (failed !== undefined) {
    return `The canary ${failed.node.name} failed, and the others wait until it is done: ${failed.node.reason}`;
  }
  if (first.length === 0) {
    return `No canary has begun. ${stuckReason(situation, waiting)}`;
  }
  const names = `The canaries go first: ${namesText(first)}.`;
  const unable = first.filter(({ standing }) => standing === 'held' || standing === 'lost');
  if (unable.length === first.length) {
    return `${names} None of them can be changed now, and the others wait for one: ${unableText(unable)} ${UNABLE_FIX}`;
  }
  const moves = withStanding(first, 'changing').length + situation.approved.length;
  const next = withStanding(first, 'waiting');
  const stuck = moves === 0 && next.length > 0 ? ` ${stuckReason(situation, next)}` : '';
  return `${names} ${countsText(situation)}${stuck}`;
}

const UNABLE_FIX = 'Correct that, or set canary to other labels or a number (0: no canaries).';
const LONGEST_CAUSE_BYTES = 300;

function unableText([first]: readonly Candidate[]): string {
  if (first === undefined) {
    return '';
  }
  const { node, standing } = first;
  const cause =
    standing === 'lost' ? 'not Ready for long, or its agent is silent.' : `${node.state}: ${node.reason}`;
  return `${node.name}: ${node.paused ? 'A person paused it.' : shorten(cause, LONGEST_CAUSE_BYTES)}`;
}

/** Returns why none of the waiting nodes is approved. */
function stuckReason({ members, maxUnavailable, holders }: Situation, waiting: readonly Candidate[]): string {
  const silent = waiting.filter(hasNotReported);
  if (silent.length === waiting.length) {
    return silentReason(silent);
  }
  const places = placesText({ holders, maxUnavailable });
  if (holders.length >= maxUnavailable) {
    return `No approval now: the places of maxUnavailable are ${places}.`;
  }
  const leaders = members.filter((member) => member.unavailable && member.isControlPlane);
  return leaders.length > 0 && waiting.every(({ isControlPlane }) => isControlPlane)
    ? `No approval now: control-plane nodes change one at a time; places of maxUnavailable: ${places}.`
    : `Waiting for approval: ${nodesText(waiting.length)}.`;
}

function silentReason(silent: readonly Candidate[]): string {
  return `The agents of ${nodesText(silent.length)} have not reported on the current ConfigMap: ${namesText(silent)}.`;
}

function hasNotReported({ wantsCurrentRevision }: Candidate): boolean {
  return !wantsCurrentRevision;
}

function doneReason(members: readonly Candidate[]): string {
  const done = countOf(members, ({ standing }) => standing === 'done');
  const apart = members.length - done;
  return apart === 0
    ? `All of ${nodesText(done)} have the list of the policy.`
    : `Every node that can be changed has the list of the policy: ${done} of ${nodesText(members.length)}; ${apart} cannot be changed now.`;
}

/** `3 of 10 nodes are done, 2 are being changed (at most 2 at a time), 4 wait, 1 failed.` */
function countsText({ members, approved, maxUnavailable, gate }: Situation): string {
  const count = (standing: Candidate['standing']): number =>
    countOf(members, (member) => member.standing === standing);
  const most = gate.kind === 'immediate' ? '' : ` (at most ${maxUnavailable} at a time)`;
  const parts = [
    `${count('done')} of ${nodesText(members.length)} are done`,
    part(count('changing') + approved.length, `are being changed${most}`),
    part(count('waiting') - approved.length, 'wait'),
    part(count('failed'), 'failed'),
    part(count('held') + count('lost'), 'cannot be changed now'),
  ];
  return `${parts.filter((text) => text !== '').join(', ')}.`;
}

function part(count: number, words: string): string {
  return count === 0 ? '' : `${count} ${words}`;
}

function withStanding(members: readonly Candidate[], standing: Candidate['standing']): readonly Candidate[] {
  return only(members, (member) => member.standing === standing);
}

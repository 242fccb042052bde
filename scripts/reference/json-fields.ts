// What the fields of `-o json` mean; the compiler checks that every field of the types is here.

import type { PlanView } from '../../agent/cli/kubectl/views/plan-view.ts';
import type { StatusView } from '../../agent/cli/kubectl/views/status-view.ts';
import type { VersionView } from '../../agent/cli/kubectl/views/version-view.ts';
import type { WhyView } from '../../agent/cli/kubectl/why/types.ts';
import type { PastChange } from '../../agent/report/past-change.ts';

const STATUS: Readonly<Record<keyof StatusView, string>> = {
  phase: 'the phase of the rollout; `Unknown` when the policy or the nodes may not be read',
  reason: 'why it is in that phase, in a sentence or two',
  nodes: 'how many nodes there are',
  counts: 'how many nodes have each standing: `done`, `changing`, `waiting`, `failed`, `held`, `lost`',
  secondsLeft: 'the estimated seconds to the end; absent while unknown',
  maxUnavailable: 'how many nodes may be unavailable at the same time; absent while unknown',
  holders: 'the nodes that take a place of `maxUnavailable`',
  places: 'the same in words; empty: no node takes one',
  isHeldUp: 'every place is taken, and by no change of a usual duration',
  revisions: 'the revisions that the policy wants: `revision`, `nodes`, `done`; most nodes first',
  policy: '`valid`, `mode`, `paused`, `errors`',
  pausedNodes: 'the nodes that a person paused',
  coordinator: '`present`, `holder`, `renewedSecondsAgo`, `missing`, `message`',
  attention: 'the nodes that need attention, failed nodes first; each as in `verdicts`',
  verdicts: 'every node: `name`, `standing`, `revision`, `canary`, `unavailable`, `attention`',
  unread: 'what you may not read: `what`, and the `permission` that it needs',
};

const PLAN: Readonly<Record<keyof PlanView, string>> = {
  valid: '`true`; a file that is not valid gives `valid: false`, `allowances` and `errors` alone',
  notes: 'what stops all changes, what is unknown, what you may not read',
  counts: 'how many nodes have each outcome: `restart`, `blocked`, `no restart`, `nothing`, `held`',
  groups: 'nodes with the same forecast: `outcome`, `added`, `removed`, `reason`, `nodes`',
  order: 'in which order and when they would change; absent when no coordinator paces them',
  maxUnavailable: 'how many nodes may be unavailable at the same time',
  soakSeconds: 'how long the canaries are watched, in seconds',
  nodes: 'every node: `name`, `outcome`, `revision`, `added`, `removed`, `pods`, `reason`, `leftOut`',
};

const WHY: Readonly<Record<keyof WhyView, string>> = {
  subject: 'what was asked about: `kind`, `namespace`, `name`, and of a pod `pod`',
  canRun: 'whether at least one node takes it now',
  answer: 'the answer in one sentence',
  sysctls:
    'each sysctl: `name`, `safe`, `never` (why no pod, or not this one, can set it on any node), `refusedByPodSecurity`, and `groups` of nodes with `takes`, `reason`, `lacksList`',
  nodes: 'the names of the nodes by their answer to all sysctls together: `now`, `later`, `unknown`, `no`',
  leftOut: "the nodes that the pod's own node selector or affinity leaves out",
  edit: 'the smallest edit that would allow it: `key`, `profile`, `lines`; absent when none would',
  notes: 'what else a person must know',
};

const VERSION: Readonly<Record<keyof VersionView, string>> = {
  plugin: 'the version of the plugin',
  coordinator: "the coordinator's, from its status; `null` while unknown",
  agents:
    'the agents by version: `version` (`null`: it reports none), `count`, `nodes`; `null` when the nodes may not be listed',
  withoutAgent: 'the nodes on which no agent has reported',
  warnings: 'how the versions differ',
  unread: 'what you may not read: `what`, and the `permission` that it needs',
};

const CHANGE: Readonly<Record<keyof PastChange, string>> = {
  at: 'when it ended, in RFC 3339',
  reason: 'why the agent made it',
  revision: 'the revision that it was for',
  resourceVersion: "that of the policy's ConfigMap; absent when it was deleted",
  file: 'the file that was changed on the host',
  before: "the SHA-256 of the file's bytes before; `null`: no file",
  after: 'the same afterwards',
  from: "the kubelet's list before",
  to: 'the list that the change wanted',
  kubelet: "the version of the kubelet's binary",
  boot: "the id of the node's boot",
  takenOut: 'another party had taken the flag out',
  result: '`Done`, `RolledBack`, `Stuck` or `Undone`',
  why: 'the error, or what else happened; absent when there was none',
};

/** The fields of each command with -o json, by the command. `history` has them for each of its `changes`. */
export const JSON_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  status: STATUS,
  plan: PLAN,
  why: WHY,
  version: VERSION,
  history: CHANGE,
};

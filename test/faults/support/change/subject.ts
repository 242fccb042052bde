// A node that is put through faults: its lists, the bytes that each makes of its file, and how it is told to be right.

import { setTimeout as sleep } from 'node:timers/promises';
import type { FileFacts } from '../../../../scripts/bed/bed.ts';
import { until } from '../../../../scripts/bed/util/until.ts';
import { freshNode } from '../../../e2e/support/node/fresh.ts';
import { healthz } from '../../../../scripts/node/kubelet.ts';
import type { Report } from '../../../../scripts/node/report.ts';
import { isDone, type TestNode } from '../../../../scripts/node/test-node.ts';
import { stateOf } from '../../../../scripts/node/wait.ts';
import { TEMPORARY_MARK } from '../../../../agent/host/files/temporary.ts';
import { agentsOn } from '../agent/agent-kills.ts';
import { hostView, PATHS } from './host-view.ts';
import { UNDO_UNIT } from '../../../../agent/names.ts';

/** One list of the policy, and what the node's file holds with it. */
export interface List {
  readonly names: readonly string[];
  readonly bytes: Buffer;
}

export interface Subject extends AsyncDisposable {
  readonly node: TestNode;
  /** The list whose bytes are in the file now. */
  readonly now: List;
  /** Another one, which was not tried last: what failed last does not make it wait. */
  next(): List;
  /** What `next` will return. */
  peek(): List;
  /**
   * Resolves when the node is right and told so: with the new list, or, where `mayFail`, with the old one and why. Throws with all that is
   * wrong when it is not in time, and at once when the file is neither the old nor the new one.
   */
  awaitRight(lists: Lists, mayFail?: (reason: string) => boolean, agents?: number): Promise<List>;
}

export interface Lists {
  readonly old: List;
  readonly next: List;
}

const FLAG = '--allowed-unsafe-sysctls=';
// One name a list: each change takes one away and adds another, and what the file holds does not depend on what came before.
const FIRST = 'net.core.somaxconn';
const OTHERS = ['net.ipv4.tcp_max_syn_backlog', 'kernel.sem'];
const CONFIG = '/var/lib/kubelet/config.yaml';
/** A container that was killed often is otherwise restarted after minutes only; the kubelet has this since 1.35. */
const RESTART_SOON = 'crashLoopBackOff: {maxContainerRestartPeriod: 1s}\n';
const RIGHT_MS = 150_000;
const CLEAN_MS = 60_000;
const LOOK_MS = 50;

/** The node, after one undisturbed change. One with an older kubelet is not for kills. */
export async function openSubject(name: string): Promise<Subject> {
  const node = await freshNode(name);
  if (node.bedNode.spec.kubelet === undefined) {
    await node.write(`${(await node.text(CONFIG)) ?? ''}${RESTART_SOON}`, CONFIG);
    await node.restartKubelet();
  }
  await node.setList([FIRST]);
  await node.awaitReport({ what: `be Done with ${FIRST}`, timeoutMs: RIGHT_MS }, (report) =>
    isDone(report, [FIRST]),
  );
  const [text, facts] = [await node.text(), await node.facts()];
  if (text === undefined || facts === undefined) {
    throw new Error(`Expected the agent on ${name} to write ${node.environmentFile}, but it did not.`);
  }
  const listOf = (sysctl: string): List => ({
    names: [sysctl],
    bytes: Buffer.from(text.replace(FLAG + FIRST, FLAG + sysctl), 'latin1'),
  });
  const first = listOf(FIRST);
  const lists = [first, ...OTHERS.map(listOf)];
  let now = first;
  let tried = first;
  const peek = (): List => lists.find((list) => list !== now && list !== tried) ?? first;

  const subject: Subject = {
    node,
    get now() {
      return now;
    },
    next() {
      tried = peek();
      return tried;
    },
    peek,
    async awaitRight(round, mayFail = () => false, agents = 1) {
      const what = `be right with ${round.next.names.join()}, or with what it had`;
      const list = await node.waitFor({ what, timeoutMs: RIGHT_MS }, async () =>
        endOf(round, listInFile(node, round), await node.report(), mayFail),
      );
      let wrong: readonly string[] = [];
      const isRight = async (): Promise<boolean> => {
        wrong = await wrongWith(node, { list, facts, agents });
        return wrong.length === 0;
      };
      if (!(await until(isRight, { timeoutMs: CLEAN_MS, everyMs: LOOK_MS }))) {
        const state = await stateOf(node.world, node.bedNode);
        throw new Error(`Expected ${name} to be right, but:\n  ${wrong.join('\n  ')}\n${state}`);
      }
      now = list;
      return list;
    },
    [Symbol.asyncDispose]: async () => void (await freshNode(name)),
  };
  // Done is told while the last of the switch still goes.
  await subject.awaitRight({ old: first, next: first });
  return subject;
}

/** The list that the node has come to rest with; undefined while it has not. A report from before the change is no answer. */
function endOf(
  { old, next }: Lists,
  found: List,
  report: Report,
  mayFail: (reason: string) => boolean,
): List | undefined {
  if (found === next) return isDone(report, next.names) ? next : undefined;
  const { state, desired, reason = '' } = report;
  const failed = state === 'Degraded' && desired === next.names.join(',') && mayFail(reason);
  return failed ? old : undefined;
}

/** The list whose bytes the file holds; throws when it holds any other: an atomic replacement has no third state. */
export function listInFile(node: TestNode, { old, next }: Lists): List {
  const bytes = hostView(node.bedNode).bytes(node.environmentFile);
  const found = [old, next].find((list) => bytes !== undefined && bytes.equals(list.bytes));
  if (found === undefined) {
    const expected = [old, next].map((list) => list.bytes.toString()).join('\n--- or\n');
    throw new Error(
      `Expected ${node.environmentFile} on ${node.name} to be\n${expected}\ngot\n${String(bytes)}`,
    );
  }
  return found;
}

/** Everything that is not as it must be on a node at rest; empty when it is right. */
export async function wrongWith(
  node: TestNode,
  { list, facts, agents }: { readonly list: List; readonly facts: FileFacts; readonly agents: number },
): Promise<readonly string[]> {
  const host = hostView(node.bedNode);
  const wrong: string[] = [];
  const say = (isWrong: boolean, what: string): void => void (isWrong && wrong.push(what));

  const now = await node.facts();
  say(host.bytes(node.environmentFile)?.equals(list.bytes) !== true, 'the file changed again');
  say(
    now?.mode !== facts.mode || now.uid !== facts.uid || now.gid !== facts.gid,
    `its mode or owner is another: ${now?.mode.toString(8)} ${now?.uid}:${now?.gid}`,
  );
  const { activeState, argv } = await node.kubelet();
  say(activeState !== 'active', `the kubelet is ${activeState}`);
  say(argv.at(-1) !== `${FLAG}${list.names.join(',')}`, `the kubelet runs with ${argv.at(-1)}`);
  say(!(await healthz(node.bedNode)).includes('200 OK'), 'its healthz does not answer');
  for (const path of [
    PATHS.journal,
    PATHS.taken,
    ...Object.values(PATHS.undone),
    PATHS.bootUnit,
    PATHS.bootLink,
  ]) {
    say(host.exists(path), `${path} is there`);
  }
  for (const folder of [PATHS.folder, PATHS.units, PATHS.transient, '/etc/default', '/etc/sysconfig']) {
    for (const file of await node.bedNode.files.names(folder)) {
      say(file.includes(TEMPORARY_MARK) || file.startsWith(`${UNDO_UNIT}.`), `${folder}/${file} is there`);
    }
  }
  const states = ['--all', '--plain', '--no-legend', '--state=active,activating,reloading,failed'];
  const units = await node.exec(['systemctl', 'list-units', ...states, `${UNDO_UNIT}*`]);
  say(units.stdout.trim() !== '', `systemd has ${units.stdout.trim()}`);
  say(agentsOn(node).length !== agents, `${agentsOn(node).length} agents run`);
  return wrong;
}

/** Resolves when an agent runs that is none of these. */
export async function awaitAgent(node: TestNode, before: readonly number[]): Promise<void> {
  const isBack = (): boolean => agentsOn(node).some((pid) => !before.includes(pid));
  if (await until(isBack, { timeoutMs: RIGHT_MS, everyMs: LOOK_MS })) return;
  throw new Error(`Expected a new agent on ${node.name}, but:\n${await stateOf(node.world, node.bedNode)}`);
}

/** Short enough not to be seen by a person, long enough to be past what was seen. */
export const moment = (): Promise<void> => sleep(200);

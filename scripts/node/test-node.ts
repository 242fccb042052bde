// A node for test cases: its file, its kubelet, its report, its list.

import type { BedNode, FileFacts, Outcome } from '../bed/bed.ts';
import { type KubeletNow, kubeletOn } from './kubelet.ts';
import { setList } from './policy.ts';
import { listIn, type Report, reportOf } from './report.ts';
import { environmentFileOf, waitFor, type Wait } from './wait.ts';
import type { World } from './world.ts';

export interface TestNode {
  readonly name: string;
  readonly world: World;
  readonly bedNode: BedNode;
  /** The path of the file that its unit reads KUBELET_EXTRA_ARGS from. */
  readonly environmentFile: string;
  exec(argv: readonly string[]): Promise<Outcome>;
  /** Returns the text of a host file (default: the environment file); undefined when there is none. */
  text(path?: string): Promise<string | undefined>;
  facts(path?: string): Promise<FileFacts | undefined>;
  write(content: string | Uint8Array, path?: string, mode?: number): Promise<void>;
  remove(path?: string): Promise<void>;
  kubelet(): Promise<KubeletNow>;
  /** Runs `systemctl restart kubelet`. */
  restartKubelet(): Promise<void>;
  report(): Promise<Report>;
  /** Gives this node its own list in the policy. */
  setList(names: readonly string[]): Promise<void>;
  /** Resolves when the condition holds for the node's report; throws with the node's complete state after the timeout. */
  awaitReport(wait: Wait, condition: (report: Report) => boolean): Promise<Report>;
  /** Resolves when the node reports Done and a kubelet verified to allow exactly these. */
  awaitDone(allowances: readonly string[]): Promise<Report>;
  /** Resolves with the first answer that is not undefined. */
  waitFor<T>(wait: Wait, ask: () => Promise<T | undefined>): Promise<T>;
}

export function testNode(world: World, name: string): TestNode {
  const bedNode = world.bed.node(name);
  const environmentFile = environmentFileOf(bedNode);
  const awaitReport: TestNode['awaitReport'] = (wait, condition) =>
    waitFor(world, bedNode, wait, async () => {
      const report = await reportOf(world, name);
      return condition(report) ? report : undefined;
    });
  return {
    name,
    world,
    bedNode,
    environmentFile,
    exec: (argv) => bedNode.exec(argv),
    text: async (path = environmentFile) => (await bedNode.files.read(path))?.toString('latin1'),
    facts: (path = environmentFile) => bedNode.files.facts(path),
    write: (content, path = environmentFile, mode) => bedNode.files.write(path, content, mode),
    remove: (path = environmentFile) => bedNode.files.remove(path),
    kubelet: () => kubeletOn(bedNode),
    restartKubelet: async () => void (await bedNode.exec(['systemctl', 'restart', 'kubelet'])),
    report: () => reportOf(world, name),
    setList: (names) => setList(world, name, names),
    awaitReport,
    awaitDone: (allowances) =>
      awaitReport({ what: `be Done with ${allowances.join(', ') || 'nothing'}` }, (report) =>
        isDone(report, allowances),
      ),
    waitFor: (wait, ask) => waitFor(world, bedNode, wait, ask),
  };
}

/** Returns whether the report is Done for the desired revision, running exactly these. */
export function isDone(report: Report, allowances: readonly string[]): boolean {
  const { state, running, desiredRevision, appliedRevision } = report;
  const same = listIn(running).toSorted().join() === allowances.toSorted().join();
  return state === 'Done' && desiredRevision === appliedRevision && same;
}

// One agent, its Node, and the way to the real API server that a test may break.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseNode } from '../../../../agent/cluster/objects/parse.ts';
import { createTransport } from '../../../../agent/cluster/http/transport.ts';
import { parseList } from '../../../../agent/cluster/watch/watch-event.ts';
import { pkiFolder } from '../../../../scripts/bed/control-plane/pki.ts';
import { until } from '../../../../scripts/bed/util/until.ts';
import { setList } from '../../../../scripts/node/policy.ts';
import { listIn, type Report, reportIn } from '../../../../scripts/node/report.ts';
import { isDone } from '../../../../scripts/node/test-node.ts';
import { e2eWorld } from '../../../e2e/support/bed.ts';
import type { World } from '../../../../scripts/node/world.ts';
import { type AgentProcess, startAgent } from '../agent/agent-process.ts';
import { apiProxy, type ApiProxy, type Asked, type Fault, pass } from './api-proxy.ts';
import { fakeNode, type FakeNode } from './fake-node.ts';

export interface Scene extends AsyncDisposable {
  readonly world: World;
  readonly node: FakeNode;
  readonly proxy: ApiProxy;
  readonly agent: AgentProcess;
  /** Gives the node another list in the policy, by the API server itself; resolves with it. */
  edit(): Promise<readonly string[]>;
  /** Resolves with the ms until the Node shows that the kubelet runs with exactly these; throws when `withinMs` are over. */
  awaitRunning(names: readonly string[], withinMs: number): Promise<number>;
  /** Resolves when the change has come to its end. */
  awaitDone(names: readonly string[]): Promise<void>;
}

// Each edit takes one away and adds another: such a restart asks for the pods first.
const LISTS = [['net.core.somaxconn'], ['net.ipv4.tcp_max_syn_backlog']] as const;
/** All scenes edit one ConfigMap. */
const editing = inTurn();
const DONE_MS = 90_000;
const LOOK_MS = 25;
const REPORT_MS = 100;

export interface SceneOptions {
  /** Its pauses are none. */
  readonly haste?: boolean;
}

/** An agent that has made its first change. */
export async function openScene(name: string, options: SceneOptions = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const world = await e2eWorld();
  const { bed } = world;
  const ca = await readFile(join(pkiFolder(bed.folder), 'ca.crt'), 'utf8');
  const proxy = stack.use(await apiProxy({ server: bed.server, ca }));
  const node = stack.use(await fakeNode(bed, name));
  const ending = new AbortController();
  stack.defer(() => ending.abort());
  const agent = stack.use(
    await startAgent({
      node: name,
      port: proxy.port,
      ca: proxy.ca,
      token: await node.token(),
      ...(options.haste !== undefined && { haste: options.haste }),
      onRestarted: () => void keepReporting(node, ending.signal),
    }),
  );
  stack.defer(() => editing(() => setList(world, name, [])));

  const reportNow = stack.use(await observer(bed.server, ca, node)).report;
  let edits = 0;
  const awaitReport = async (
    what: string,
    withinMs: number,
    condition: (r: Report) => boolean,
  ): Promise<number> => {
    const from = performance.now();
    let seen: Report = {};
    const isSeen = async (): Promise<boolean> => {
      seen = await reportNow();
      return condition(seen);
    };
    if (!(await until(isSeen, { timeoutMs: withinMs, everyMs: LOOK_MS }))) {
      const stats = await agent.stats();
      const said = JSON.stringify({ seen, stats }, undefined, 2);
      throw new Error(`Expected the agent on ${name} to ${what} within ${withinMs} ms, got ${said}`);
    }
    return performance.now() - from;
  };
  const scene = {
    world,
    node,
    proxy,
    agent,
    async edit() {
      const names = LISTS[edits % LISTS.length] ?? LISTS[0];
      edits += 1;
      await editing(() => setList(world, name, names));
      return names;
    },
    awaitRunning: (names: readonly string[], withinMs: number) =>
      awaitReport(`show ${names.join()} as running`, withinMs, ({ running, desired }) =>
        [running, desired].every((list) => listIn(list).join() === names.join()),
      ),
    async awaitDone(names: readonly string[]) {
      await awaitReport(`be Done with ${names.join()}`, DONE_MS, (report) => isDone(report, names));
    },
  };
  await scene.awaitDone(await scene.edit());
  const owned = stack.move();
  return { ...scene, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface RideOut {
  /** Begins the trouble. */
  readonly begin: (scene: Scene) => Promise<void> | void;
  readonly lastsMs: number;
  /** Makes it possible to edit the policy, halfway, or at the end where it takes its time. */
  readonly editing?: () => Promise<void>;
  /** Ends it: the API server is back when this resolves. */
  readonly end?: (scene: Scene) => Promise<void> | void;
  /** From the return to the Node that shows the edit. */
  readonly rightWithinMs: number;
}

export interface Ridden {
  /** From the API server's return to the Node that shows what was edited meanwhile. */
  readonly rightMs: number;
  /** From the return to the first question about the policy, of which `rightMs` has the answer and the change as well. */
  readonly askedMs: number | undefined;
  /** Requests that came through to the proxy while the trouble lasted. */
  readonly during: readonly Asked[];
  /** What the agent warned of until it was at rest again: tries of a watch that failed, and reports that were not taken. */
  readonly warnings: number;
  /** Requests from the return until all was at rest again. */
  readonly after: readonly Asked[];
  readonly restarts: number;
}

/** Trouble begins, the policy is edited in the middle of it, and it ends. */
export async function rideOut(scene: Scene, trouble: RideOut): Promise<Ridden> {
  const { proxy, agent } = scene;
  const before = await agent.stats();
  const began = proxy.asked.length;
  await trouble.begin(scene);
  const half = trouble.lastsMs / 2;
  await sleep(trouble.editing === undefined ? half : 2 * half);
  await trouble.editing?.();
  const names = await scene.edit();
  await sleep(trouble.editing === undefined ? half : 0);
  await (trouble.end ?? passAgain)(scene);
  const [back, backAt] = [proxy.asked.length, performance.now()];
  const rightMs = await scene.awaitRunning(names, trouble.rightWithinMs);
  await scene.awaitDone(names);
  await sleep(SETTLE_MS);
  const { restarts, warnings } = await agent.stats();
  const question = proxy.asked.slice(back).find(({ path }) => path.includes('/configmaps?'));
  return {
    rightMs,
    askedMs: question && question.at - backAt,
    warnings: sum(warnings) - sum(before.warnings),
    during: proxy.asked.slice(began, back),
    after: proxy.asked.slice(back),
    restarts: restarts - before.restarts,
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function passAgain({ proxy }: Scene): void {
  proxy.meet(pass);
}

/** What an agent does after its last report, Events too. */
const SETTLE_MS = 1000;

export function writesIn(asked: readonly Asked[]): readonly Asked[] {
  return asked.filter(({ method }) => method !== 'GET');
}

/** Every connection meets the fault, those of open watches too. */
export function meetAnew(fault: Fault): RideOut['begin'] {
  return ({ proxy }) => {
    proxy.meet(fault);
    proxy.cut();
  };
}

/** Runs one piece of work after another. */
function inTurn(): (work: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

/** Polls the Node often, so it has its own connection, which no fault affects. */
async function observer(
  server: string,
  ca: string,
  node: FakeNode,
): Promise<Disposable & { readonly report: () => Promise<Report> }> {
  const token = await node.token();
  const credentials = {
    server: new URL(server),
    namespace: '',
    token: async () => token,
    ca: async () => ca,
  };
  const transport = createTransport(credentials);
  const query = { fieldSelector: `metadata.name=${node.name}` };
  return {
    async report() {
      const { body } = await transport.request({ method: 'GET', path: '/api/v1/nodes', query });
      return reportIn({ metadata: parseNode(parseList(body).object ?? {}) });
    },
    [Symbol.dispose]: () => transport.close(),
  };
}

/** As a kubelet that has just started: until the API server takes it. */
async function keepReporting(node: FakeNode, signal: AbortSignal): Promise<void> {
  const reported = async (): Promise<boolean> => {
    if (signal.aborted) return true;
    return node.report().then(
      () => true,
      () => false,
    );
  };
  while (!(await reported())) {
    await sleep(REPORT_MS);
  }
}

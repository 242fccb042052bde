// What a change promises, on the targets other than KUBELET_EXTRA_ARGS: each case on a node of such a kind.

import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { asContainer } from '../../scripts/bed/bed.ts';
import { NEW_TARGET_KINDS, type TakenKind } from '../../scripts/bed/kinds/kinds.ts';
import { until } from '../../scripts/bed/util/until.ts';
import { useDropIn } from '../../scripts/node/kubelet-unit.ts';
import { clearPolicy, setKeys } from '../../scripts/node/policy.ts';
import type { Report } from '../../scripts/node/report.ts';
import type { TestNode } from '../../scripts/node/test-node.ts';
import { e2eWorld } from '../e2e/support/bed.ts';
import { freshNodes, nodeOfKind } from '../e2e/support/node/fresh.ts';
import { nodePool } from '../e2e/support/node/node-pool.ts';
import { sysctlPod } from '../e2e/support/node/pods.ts';
import { hostView } from './support/change/host-view.ts';
import { byLength } from './support/length.ts';

const GOOD = 'net.core.somaxconn';
const MORE = 'net.core.wmem_max';
const THEIRS = 'kernel.msgmax';
const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const CHECK = '/usr/local/lib/e2e-check';
const SOON = { timeoutMs: 30_000, everyMs: 1 };
/** A node boots, and its agent is started by a kubelet that was just started. */
const BOOT_MS = 120_000;

const TRIED = byLength({ short: NEW_TARGET_KINDS.slice(0, 1), long: NEW_TARGET_KINDS });
/** One for each new target. */
const NAMES = ['n1', 'n2', 'n4', 'n5'];
const pool = nodePool(NAMES);

/** Other files expect the nodes as the bed made them. */
afterAll(async () => void (await freshNodes(NAMES)));

describe.concurrent.each(TRIED)('on a node of the kind $title', (kind) => {
  const { path } = kind.target;
  it('a change with which the kubelet does not start is rolled back to the exact bytes and mode', () =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      await node.write(`#!/bin/sh\n! grep -qs ${MORE} ${path}\n`, CHECK, 0o755);
      await useDropIn(node, `[Service]\nExecStartPre=${CHECK}\n`);
      await node.setList([GOOD]);
      await node.awaitDone([GOOD]);
      const before = await fileAt(node, path);

      await node.setList([GOOD, MORE]);
      const { reason } = await node.awaitReport({ what: 'be Degraded' }, isDegraded);

      expect(reason).toMatch(/rolled back/u);
      expect(await fileAt(node, path)).toEqual(before);
      await runsWithASysctl(node);
    }));

  it('an allowance that a running pod uses stays until the pod is gone', () =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      await node.setList([GOOD, MORE]);
      await node.awaitDone([GOOD, MORE]);
      const pod = await sysctlPod(node, { name: GOOD, value: '4096' });
      expect(await pod.settled()).toMatchObject({ kind: 'running' });
      const [before, kubelet] = [await fileAt(node, path), await node.kubelet()];

      await node.setList([MORE]);
      const { reason } = await node.awaitReport({ what: 'be Blocked' }, ({ state }) => state === 'Blocked');

      expect(reason).toContain(`e2e/${pod.name}: ${GOOD}`);
      expect(await fileAt(node, path)).toEqual(before);
      expect(await node.kubelet()).toEqual(kubelet);
      await pod.remove();
      await node.awaitDone([MORE]);
    }));

  it('what another party removes is reported as drift and written again', () =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      const original = await fileAt(node, path);
      await node.setList([GOOD]);
      await node.awaitDone([GOOD]);
      const ours = await fileAt(node, path);

      if (original === undefined) await node.remove(path);
      else await node.write(Buffer.from(original.text, 'latin1'), path);
      await node.waitFor({ what: 'have its list again' }, async () =>
        (await node.text(path)) === ours?.text ? true : undefined,
      );
      await node.awaitDone([GOOD]);

      expect(await fileAt(node, path)).toEqual(ours);
      await runsWithASysctl(node);
    }));

  it('a power cut in the middle of a change leaves the old list at the next start, before any agent runs', () =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      await node.setList([GOOD]);
      await node.awaitDone([GOOD]);
      const [before, { argv }] = [await fileAt(node, path), await node.kubelet()];
      const [host, { leader }] = [hostView(node.bedNode), asContainer(node.bedNode)];
      const old = host.bytes(path)?.toString('latin1');

      const replaced = until(() => host.bytes(path)?.toString('latin1') !== old, SOON);
      await node.setList([GOOD, MORE]);
      expect(await replaced).toBe(true);
      process.kill(leader, 'SIGKILL');
      await node.bedNode.kill();
      await node.bedNode.boot();

      expect(await fileAt(node, path)).toEqual(before);
      const { reason } = await node.awaitReport({ what: 'be Degraded', timeoutMs: BOOT_MS }, isDegraded);
      expect(reason).toContain('undone by the node itself');
      expect((await node.kubelet()).argv).toEqual(argv);
      await runsWithASysctl(node);
    }));
});

const FOLDERS = TRIED.filter(({ target }) => target.kind === 'config-dir');

describe.concurrent.each(FOLDERS)('in the config-dir of a node of the kind $title', (kind) => {
  const { path } = kind.target;
  const earlier = join(dirname(path), '30-another-party.conf');

  it('the list of an earlier file that another party writes is repeated in ours, for the next start of the kubelet', () =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      await node.setList([GOOD]);
      await node.awaitDone([GOOD]);

      await node.write(`${HEAD}allowedUnsafeSysctls: [${THEIRS}]\n`, earlier);

      await node.awaitReport({ what: `show that ${THEIRS} waits for a restart` }, ({ drift }) =>
        (drift ?? '').endsWith(`pending restart: +${THEIRS}`),
      );
      expect(await node.text(path)).toContain(THEIRS);
      await node.restartKubelet();
      await node.awaitDone([GOOD, THEIRS]);
      await runsWithASysctl(node, THEIRS, '9000');
    }));

  it('a later file with a list of its own is named, and nothing is written', () =>
    pool.use(async (name) => {
      const node = await nodeOfKind(name, kind);
      const later = join(dirname(path), '99-z-another-party.conf');
      await node.write(`${HEAD}allowedUnsafeSysctls: [${THEIRS}]\n`, later);
      const before = await node.kubelet();

      await node.setList([GOOD]);
      await node.awaitReport({ what: `name ${later}` }, ({ state, reason }) => {
        return state !== 'Done' && state !== 'Working' && reason?.includes(later) === true;
      });

      expect(await node.text(path)).toBeUndefined();
      expect(await node.kubelet()).toEqual(before);
    }));
});

describe('mode: Restore', () => {
  it('brings back the exact bytes and mode on a node of each of these kinds', async () => {
    const nodes = await Promise.all(
      NEW_TARGET_KINDS.map(async (kind, index) => changed(await nodeOfKind(NAMES[index] ?? '', kind), kind)),
    );

    await setKeys(await e2eWorld(), { mode: 'Restore' });
    try {
      for (const { node, path, before } of nodes) {
        await node.awaitDone([]);
        expect(await fileAt(node, path)).toEqual(before);
      }
    } finally {
      await clearPolicy(await e2eWorld());
    }
  });
});

/** Gives the node two lists, one after the other; resolves with what its file was before. */
async function changed(node: TestNode, { title, target: { path } }: TakenKind) {
  const before = await fileAt(node, path);
  for (const names of [[GOOD], [MORE]]) {
    await node.setList(names);
    await node.awaitDone(names);
  }
  expect([title, await fileAt(node, path)]).not.toEqual([title, before]);
  return { node, path, before };
}

/** The bytes as latin1, the mode and the owner; undefined when there is no such file. */
async function fileAt(node: TestNode, path: string) {
  const [text, facts] = [await node.text(path), await node.facts(path)];
  if (text === undefined || facts === undefined) return undefined;
  return { text, mode: facts.mode, uid: facts.uid, gid: facts.gid };
}

function isDegraded({ state }: Report): boolean {
  return state === 'Degraded';
}

async function runsWithASysctl(node: TestNode, name = GOOD, value = '4096'): Promise<void> {
  const pod = await sysctlPod(node, { name, value });
  expect(await pod.settled()).toMatchObject({ kind: 'running' });
  await pod.remove();
}

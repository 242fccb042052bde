import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoAppImage } from '../../../scripts/bed/images/images.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import type { Cluster } from '../../../scripts/kubernetes/cluster.ts';
import { runAsUser } from '../../../scripts/tutorial/lessons/as-user.ts';
import { changeCapabilities } from '../../../scripts/tutorial/lessons/capabilities.ts';
import type { Stage } from '../../../scripts/tutorial/lessons/stage.ts';
import {
  allowSysctls,
  awaitAllowed,
  beRefused,
  runWithSysctls,
} from '../../../scripts/tutorial/lessons/sysctls.ts';
import { ADDED_SYSCTLS } from '../../../scripts/kubernetes/names.ts';
import { makeNamespace, removeNamespace } from '../../../scripts/kubernetes/namespace.ts';
import { type TutorialNode, tutorialNodes } from '../../../scripts/kubernetes/nodes.ts';
import { freshNodes } from '../support/node/fresh.ts';
import { clearPolicy } from '../../../scripts/node/policy.ts';
import { e2eWorld } from '../support/bed.ts';

/** All except the node whose unit does not use KUBELET_EXTRA_ARGS. */
const NODES = ['n1', 'n2', 'n3', 'n4'];
const ANSWER = /^iKubernetes demoapp v1\.0 !! ClientIP: \S+, ServerName: (\S+), ServerIP: \S+!$/;

describe('the tutorial, on every node', () => {
  let stage: Stage;

  beforeAll(async () => {
    const { cluster } = await e2eWorld();
    const nodes = await nodesForPods(cluster);
    await makeNamespace(cluster);
    stage = { cluster, nodes, image: (await demoAppImage(consoleLog())).reference };
  });
  afterAll(async () => {
    await removeNamespace(stage.cluster);
    await clearPolicy(await e2eWorld());
  });

  it('runs a container as the user that its pod names', async () => {
    const facts = await runAsUser(stage);
    expect(facts.map(({ node }) => node)).toEqual(NODES);
    for (const { pod, user, ps, answer } of facts) {
      expect(user).toBe('1001');
      expect(ps).toMatch(/demoapp$/);
      expect(ANSWER.exec(answer)?.[1]).toBe(pod);
    }
  });

  it('redirects 8080 to 80 with NET_ADMIN, and cannot chown without CHOWN', async () => {
    const facts = await changeCapabilities(stage);
    expect(facts.map(({ node }) => node)).toEqual(NODES);
    for (const { pod, answer, rules, chown } of facts) {
      expect(ANSWER.exec(answer)?.[1]).toBe(pod);
      expect(rules).toContain('-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80');
      expect(chown.exitCode).toBe(1);
      expect(chown.message).toContain('Operation not permitted');
    }
  });

  it('is refused an unsafe sysctl that no kubelet allows yet', async () => {
    const facts = await beRefused(stage);
    expect(facts.map(({ node }) => node)).toEqual(NODES);
    for (const { reason, message } of facts) {
      expect(reason).toBe('SysctlForbidden');
      expect(message).toContain('forbidden sysctl: "net.core.somaxconn" not allowlisted');
    }
  });

  it('gets both names by one edit of the ConfigMap, of which the second needs no allowance', async () => {
    const { edit } = await allowSysctls(stage);
    const nodes = await awaitAllowed(stage);
    expect(ADDED_SYSCTLS).toEqual(expect.arrayContaining([...edit.added]));
    expect(edit.added).toContain('net.core.somaxconn');
    expect(nodes.map(({ node }) => node)).toEqual(NODES);
    for (const { state, desired, running, saysSafe } of nodes) {
      expect(state).toBe('Done');
      expect(desired).toEqual(['net.core.somaxconn']);
      expect(running).toEqual(['net.core.somaxconn']);
      expect(saysSafe).toBe(true);
    }
  });

  it('then runs the same pod, listening on port 80 as that user with that backlog', async () => {
    const facts = await runWithSysctls(stage);
    expect(facts.map(({ node }) => node)).toEqual(NODES);
    for (const { pod, user, listenerUid, backlog, sysctls, answer } of facts) {
      expect(user).toBe('1001');
      expect(listenerUid).toBe(1001);
      expect(backlog).toBe(4096);
      expect(sysctls).toEqual({
        'kernel.shm_rmid_forced': '0',
        'net.ipv4.ip_unprivileged_port_start': '0',
        'net.core.somaxconn': '4096',
      });
      expect(ANSWER.exec(answer)?.[1]).toBe(pod);
    }
  });
});

/**
 * Resolves with the nodes when their restarted kubelets are Ready and their taints are gone: about one start in twenty is
 * NotReady for some ten seconds ("CSINode is not yet initialized"), and the tutorial skips such nodes.
 */
async function nodesForPods(cluster: Cluster): Promise<readonly TutorialNode[]> {
  const takers = async (): Promise<readonly TutorialNode[]> =>
    (await tutorialNodes(cluster)).filter(({ name }) => NODES.includes(name));
  const fresh = await freshNodes(NODES);
  const second = Math.floor(Date.now() / 1000) * 1000;
  await Promise.all(fresh.map((node) => node.restartKubelet()));
  for (const node of fresh) {
    await node.waitFor({ what: 'take pods again', timeoutMs: 60_000 }, async () => {
      const reported = await reportedSince(cluster, second);
      return reported.includes(node.name) && (await takers()).some(({ name }) => name === node.name)
        ? true
        : undefined;
    });
  }
  const nodes = await takers();
  expect(nodes.map(({ name }) => name)).toEqual(NODES);
  return nodes;
}

async function reportedSince(cluster: Cluster, ms: number): Promise<readonly (string | undefined)[]> {
  const { items } = await cluster.core.listNode();
  const reported = items.filter(({ status }) =>
    status?.conditions?.some(
      ({ type, lastHeartbeatTime }) => type === 'Ready' && Number(lastHeartbeatTime) >= ms,
    ),
  );
  return reported.map(({ metadata }) => metadata?.name);
}

// Malicious ConfigMaps: their content reaches no file, kubelet or shell on a node.

import { readdir } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { NOTHING_SEEN } from '../../../agent/node/report/publisher.ts';
import { annotationsOf } from '../../../agent/report/annotations.ts';
import { KEYS } from '../../../agent/names.ts';
import { policyErrorText } from '../../../agent/report/policy-error.ts';
import { type Container, findContainer } from '../../../scripts/bench/measure/container.ts';
import { HEAVY, PROTOTYPE_KEYS } from '../../policy/hostile.ts';
import { AGENT_NAMESPACE, AGENT_PODS, POLICY_CONFIG_MAP } from '../../../scripts/kubernetes/names.ts';
import { agentPodOn } from '../../../scripts/node/agent-pod.ts';
import { unjudgedEdits } from '../support/cluster/admission-policy.ts';
import { freshNode } from '../support/node/fresh.ts';
import { policyNow } from '../../../scripts/node/policy.ts';
import type { TestNode } from '../../../scripts/node/test-node.ts';

type Data = Readonly<Record<string, string>>;

const LIST = 'allowedUnsafeSysctls';
const GOOD = 'net.core.somaxconn';
const OTHER = 'net.ipv4.tcp_max_syn_backlog';
/** Part of the name of every file that an attack would make, and of no other. */
const MARK = 'pwned';
/** Folders to search; the second is the only one that the agent's container can write to. */
const FOLDERS = ['/run', '/run/kubelet-sysctl-agent', '/tmp', '/'];
const COMMAND = `for d in ${FOLDERS.join(' ')}; do touch $d/${MARK}; done`;

const ATTACKS: readonly Data[] = [
  inList(`$(${COMMAND})`),
  inList(`\`${COMMAND}\``),
  inList(`${GOOD}; ${COMMAND} #`),
  inList(`${GOOD}'; ${COMMAND}; '`),
  inList(`${GOOD}'\nEXECSTARTPRE='/bin/touch /run/${MARK}`),
  inList(`${GOOD}"\n[Service]\nExecStartPre=/bin/touch /run/${MARK}`),
  inList(`${GOOD} --root-dir=/run/${MARK}`),
  inList(`${GOOD},--root-dir=/run/${MARK}`),
  inList(`${GOOD}\\\n--root-dir=/run/${MARK}`),
  inList(`${GOOD}\0/run/${MARK}`),
  inList(`\u202e${GOOD}\u001b]0;${MARK}\u0007`),
  { [LIST]: GOOD, mode: `Restore$(${COMMAND})`, nodeSoakSeconds: '1e309' },
  { [LIST]: GOOD, nodeSoakSeconds: '9'.repeat(10_000), paused: `\`${COMMAND}\`` },
  { [LIST]: GOOD, profiles: `- name: '$(${COMMAND})'\n  nodeSelector: {a: '$(${COMMAND})'}\n` },
  { [LIST]: GOOD, profiles: `- !!js/function 'function () { ${MARK} }'` },
  Object.fromEntries([[LIST, GOOD], ...PROTOTYPE_KEYS.map((key) => [key, `{"${MARK}": true}`])]),
];

/** The most expensive attack of each kind; test/policy/ has all of them. */
const HEAVY_ATTACKS = [
  'a list of commas',
  'names one letter off',
  'lines in a profile',
  'opening brackets',
  'quotes',
  'bad escapes, fewer',
  'aliases that multiply',
  'a list as a setting',
].map((title) => HEAVY[title]?.() ?? {});

describe('a ConfigMap full of attacks', () => {
  it('never reaches a file or a shell, and the next valid policy is applied', async () => {
    const node = await freshNode('n1');
    await node.setList([GOOD]);
    await node.awaitDone([GOOD]);
    const good = (await policyNow(node.world)) ?? {};
    const container = await agentContainer(node);
    const before = await stateOf(node);
    expect(before.text).toContain(GOOD);
    onTestFinished(await unjudgedEdits(node.world));

    try {
      for (const data of [...ATTACKS, ...HEAVY_ATTACKS]) {
        await replacePolicy(node, data);
        const { policyError } = await node.awaitReport(
          { what: `tell what is wrong with ${JSON.stringify(data).slice(0, 200)}` },
          (report) => report.policyError === errorOf(data),
        );
        expect(policyError).not.toBe('');
        expect(await argumentsOnNode(node)).not.toContain(MARK);
      }

      expect(await stateOf(node)).toEqual(before);
      expect(await marks(node, container)).toEqual([]);
    } finally {
      await replacePolicy(node, good);
    }
    await node.setList([GOOD, OTHER]);
    await node.awaitDone([GOOD, OTHER]);
    expect((await stateOf(node)).agent).toEqual(before.agent);
    expect(await marks(node, container)).toEqual([]);
  });
});

function inList(text: string): Data {
  return { [LIST]: `${GOOD}\n${text}\n` };
}

/** Writes the ConfigMap with kubectl: JavaScript libraries lose a key such as __proto__. */
async function replacePolicy({ world }: TestNode, data: Data): Promise<void> {
  const metadata = { namespace: AGENT_NAMESPACE, name: POLICY_CONFIG_MAP };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  await world.bed.kubectl(['replace', '-f', '-'], { input: JSON.stringify(object) });
}

/** Returns the policy error that the node must report for the data, whose keys the API server sorts. */
function errorOf(data: Data): string | undefined {
  const sorted = Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const result = parsePolicy(Object.fromEntries(sorted));
  return annotationsOf({ ...NOTHING_SEEN, policyError: result.ok ? '' : policyErrorText(result.errors) })[
    KEYS.policyError
  ];
}

async function stateOf(node: TestNode) {
  const agent = await agentPodOn(node.world, node.name);
  return {
    text: await node.text(),
    facts: await node.facts(),
    kubelet: await node.kubelet(),
    agent: { uid: agent?.uid, restarts: agent?.restarts, lastExitCode: agent?.lastExitCode },
  };
}

/** Returns the arguments of every process that runs on the node now. */
async function argumentsOnNode({ bedNode }: TestNode): Promise<string> {
  const processes = (await bedNode.files.names('/proc')).filter((name) => /^\d+$/u.test(name));
  const read = processes.map(async (id) => bedNode.files.read(`/proc/${id}/cmdline`).catch(() => ''));
  return (await Promise.all(read)).join('\n');
}

/** Returns every file that an attack made, on the node or in the agent's container. */
async function marks({ bedNode }: TestNode, { pid }: Container): Promise<readonly string[]> {
  const found = FOLDERS.flatMap((folder) => [
    bedNode.files.names(folder),
    readdir(`/proc/${pid}/root${folder}`).catch((): string[] => []),
  ]);
  return (await Promise.all(found)).flat().filter((name) => name.includes(MARK));
}

async function agentContainer({ world, name }: TestNode): Promise<Container> {
  const { items } = await world.cluster.core.listNamespacedPod({
    namespace: AGENT_NAMESPACE,
    labelSelector: AGENT_PODS,
    fieldSelector: `spec.nodeName=${name}`,
  });
  const id = items[0]?.status?.containerStatuses?.[0]?.containerID?.split('//').at(-1);
  if (id === undefined) throw new Error(`Expected an agent that runs on ${name}, found none.`);
  return findContainer(id, 'kubelet-sysctls.mjs');
}

// The chapters of the demo: what is done, why, and the result.

import { renderTable } from '../../agent/report/table.ts';
import { KEY_PREFIX } from '../../agent/names.ts';
import {
  checkAllowed,
  checkAsUser,
  checkCapabilities,
  checkRefused,
  checkSysctls,
} from '../tutorial/checks.ts';
import { CHOWN, changeCapabilities, LIST_RULES } from '../tutorial/lessons/capabilities.ts';
import { PS, runAsUser } from '../tutorial/lessons/as-user.ts';
import type { Stage } from '../tutorial/lessons/stage.ts';
import { allowSysctls, awaitAllowed, beRefused, runWithSysctls } from '../tutorial/lessons/sysctls.ts';
import type { ListEdit } from '../kubernetes/list-text.ts';
import {
  ADDED_SYSCTLS,
  AGENT_NAMESPACE,
  AT_ONCE,
  LIST_KEY,
  ROLLOUT_KEY,
  POLICY_CONFIG_MAP,
  SAFE_SYSCTL,
  TUTORIAL_NAMESPACE,
  UNSAFE_SYSCTL,
} from '../kubernetes/names.ts';
import { nodeAnnotations } from '../kubernetes/nodes.ts';
import { allowedNow, goesAtOnce } from '../kubernetes/policy.ts';
import { APP_PORT, BACKLOG, OTHER_PORT, TUTORIAL_UID } from '../kubernetes/pods.ts';
import { podExcerpt } from './excerpt.ts';
import type { Ground } from '../install/ground.ts';
import type { Story } from './story.ts';

const NAMES_SHOWN = 4;
const IN_TUTORIAL = `kubectl -n ${TUTORIAL_NAMESPACE}`;

/** A container runs as its own user. */
export async function asUserChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('A container that runs as a user');
  story.tell(
    `The pod names user and group ${TUTORIAL_UID}, and the application listens on port ${OTHER_PORT}.`,
  );
  story.quote(`\n${podExcerpt('runasuser', stage)}`);
  story.typed(`${IN_TUTORIAL} apply -f securitycontext-runasuser-demo.yaml`);
  const facts = await story.step(`Running on ${everyNode(stage)}`, () => runAsUser(stage));
  checkAsUser(facts);
  const [first] = facts;
  story.typed(`${IN_TUTORIAL} exec ${first?.pod} -- ${PS.join(' ')}`);
  story.quote(first?.ps ?? '');
  story.typed(`${IN_TUTORIAL} exec ${first?.pod} -- wget -qO- http://127.0.0.1:${OTHER_PORT}/`);
  story.quote(first?.answer ?? '');
  story.tick(`User ${TUTORIAL_UID} on every node, and it answers`);
}

/** A container with one capability more and one less. */
export async function capabilitiesChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('One capability more, one less');
  story.tell(
    `With NET_ADMIN the container may redirect port ${OTHER_PORT} to the application's ${APP_PORT}; without CHOWN even its root may not give a file away.`,
  );
  story.quote(`\n${podExcerpt('capabilities', stage)}`);
  story.typed(`${IN_TUTORIAL} apply -f securitycontext-capabilities-demo.yaml`);
  const facts = await story.step(`Running on ${everyNode(stage)}`, () => changeCapabilities(stage));
  checkCapabilities(facts);
  const [first] = facts;
  story.typed(`${IN_TUTORIAL} exec ${first?.pod} -- ${LIST_RULES.join(' ')}`);
  story.quote(first?.rules.join('\n') ?? '');
  story.typed(`${IN_TUTORIAL} exec ${first?.pod} -- ${CHOWN.join(' ')}`);
  story.quote(first?.chown.message ?? '');
  story.tick(`Answers on ${OTHER_PORT}, and chown is refused, on every node`);
}

/** The kubelet refuses a pod that sets an unsafe sysctl. */
export async function refusalChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('A sysctl that the kubelet refuses');
  story.tell(
    `${UNSAFE_SYSCTL} is an unsafe sysctl: a kubelet started without --allowed-unsafe-sysctls=${UNSAFE_SYSCTL} lets no pod set it.`,
  );
  story.quote(`\n${podExcerpt('sysctls', stage)}`);
  story.typed(`${IN_TUTORIAL} apply -f securitycontext-sysctls-demo.yaml`);
  const facts = await story.step(`Refused on ${everyNode(stage)}`, () => beRefused(stage));
  checkRefused(facts);
  for (const { pod, reason, message } of facts) story.quote(`${pod}   ${reason}\n  ${message}`);
}

/** One edit of the ConfigMap allows the sysctl. Resolves with the edit. */
export async function allowChapter(
  story: Story,
  stage: Stage,
  { kubeletLine }: Pick<Ground, 'kubeletLine'>,
): Promise<ListEdit> {
  story.chapter('One edit of the ConfigMap');
  story.tell(
    'By hand, this takes an edit of /etc/default/kubelet and a kubelet restart on every node. Here it takes one edit in the cluster.',
  );
  if (kubeletLine !== undefined) await showFiles(story, stage, 'Before', kubeletLine);
  story.typed(`kubectl -n ${AGENT_NAMESPACE} edit configmap ${POLICY_CONFIG_MAP}`);
  const title = "Every node's kubelet restarted and proven to run with the list";
  story.quote(await listDiff(stage));
  const { edit } = await story.step(title, (note) => allowSysctls(stage, note));
  const watched = 'Every node soaked, and Done';
  const nodes = await story.step(watched, (note) => awaitAllowed(stage, note));
  checkAllowed(nodes);
  for (const { node, state, reason } of nodes) story.quote(`${node}   ${state}\n  ${reason}`);
  if (kubeletLine !== undefined) await showFiles(story, stage, 'After', kubeletLine);
  return edit;
}

/** Returns the pace, the list's names and, marked with +, those to be added. */
async function listDiff({ cluster }: Stage): Promise<string> {
  const present = await allowedNow(cluster);
  const shown = present.length > NAMES_SHOWN ? ['…', ...present.slice(-NAMES_SHOWN)] : present;
  const added = ADDED_SYSCTLS.filter((name) => !present.includes(name));
  const lines = [...shown.map((name) => `  ${name}`), ...added.map((name) => `+ ${name}`)];
  const pace = (await goesAtOnce(cluster))
    ? [
        `${ROLLOUT_KEY}: ${AT_ONCE}   # all nodes at once; by default one node goes first and soaks for a minute`,
      ]
    : [];
  return [...pace, `${LIST_KEY}: |`, ...lines].join('\n');
}

async function showFiles(
  story: Story,
  { nodes }: Stage,
  when: string,
  read: NonNullable<Ground['kubeletLine']>,
): Promise<void> {
  story.tell(`${when}, in /etc/default/kubelet:`);
  for (const { name } of nodes) story.quote(`${name}   ${await read(name)}`);
}

/** The same pod runs. */
export async function sysctlsChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('The same pod, on every node');
  story.typed(`${IN_TUTORIAL} replace --force -f securitycontext-sysctls-demo.yaml`);
  const facts = await story.step(`Running on ${everyNode(stage)}`, () => runWithSysctls(stage));
  checkSysctls(facts);
  for (const { pod, sysctls } of facts) {
    const values = Object.entries(sysctls).map(([name, value]) => `  ${name} = ${value}`);
    story.quote([pod, ...values].join('\n'));
  }
  for (const { node, user, backlog, answer } of facts) {
    const queue = backlog === undefined ? '' : `, backlog ${backlog}`;
    story.tick(`${node}: user ${user} listens on port ${APP_PORT}${queue}`);
    story.quote(`  ${answer}`);
  }
  if (facts.some(({ backlog }) => backlog === undefined)) {
    story.tell(
      `The image has no ss to show the listener's backlog; the pod's own ${UNSAFE_SYSCTL} is ${BACKLOG}.`,
    );
  }
}

/** Shows the nodes' annotations. */
export async function nodesChapter(story: Story, { cluster }: Stage): Promise<void> {
  story.chapter('What the nodes report');
  story.tell(
    `Every node carries its state in annotations (${KEY_PREFIX}…); ${SAFE_SYSCTL} needed no allowance.`,
  );
  story.quote(`\n${renderTable(await nodeAnnotations(cluster))}`);
}

function everyNode({ nodes }: Stage): string {
  const names = nodes.map(({ name }) => name);
  return names.length > 3 ? `all ${names.length} nodes` : names.join(names.length === 2 ? ' and ' : ', ');
}

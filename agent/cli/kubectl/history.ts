// `kubectl sysctls history`: a node's last changes, which its agent remembers on the host's disk.

import { Command, Option } from 'commander';
import { stripVTControlCharacters } from 'node:util';
import { isObject, objectAt, textAt } from '../../cluster/fields.ts';
import { execInPod } from './exec.ts';
import { Refusal } from './failure.ts';
import { AGENTS } from './installation.ts';
import type { Program } from './context.ts';
import type { Session } from './session.ts';

interface Flags {
  readonly output: 'text' | 'json';
}

const CONTAINER = 'agent';
const PROGRAM = ['node', '/app/kubelet-sysctls.mjs', 'history', '--output'];

export function historyCommand(program: Program): Command {
  return new Command('history')
    .description("show a node's last changes, asked of the agent there")
    .argument('<node>')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action(async (node: string, { output }: Flags) => {
      program.stdout.write(await historyOf(program.session(), node, output));
    });
}

async function historyOf(session: Session, node: string, output: Flags['output']): Promise<string> {
  const pod = await agentPod(session, node);
  const { timeoutMs } = session;
  const task = { pod, container: CONTAINER, command: [...PROGRAM, output], timeoutMs };
  const { code, stdout, stderr, message } = await execInPod(session, task);
  if (code !== 0) {
    throw new Refusal(`The agent on ${node} does not tell its history: ${stderr.trim() || message}`);
  }
  // A node is not trusted with this terminal.
  return stripVTControlCharacters(stdout);
}

async function agentPod({ transport, place }: Session, node: string): Promise<string> {
  const answer = await transport.request({
    method: 'GET',
    path: `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/pods`,
    query: { labelSelector: AGENTS, fieldSelector: `spec.nodeName=${node}` },
  });
  const items: unknown = objectAt(answer.body)['items'];
  const pods = (Array.isArray(items) ? items : []).filter((item: unknown) => isObject(item));
  const pod = pods.find((one) => textAt(objectAt(one, 'status'), 'phase') === 'Running');
  const name = textAt(objectAt(pod, 'metadata'), 'name');
  if (name === undefined) {
    throw new Refusal(
      `Expected an agent that runs on ${node}, found none in namespace ${place.namespace}; ` +
        `see kubectl -n ${place.namespace} get pods -o wide, and kubectl get nodes.`,
    );
  }
  return name;
}

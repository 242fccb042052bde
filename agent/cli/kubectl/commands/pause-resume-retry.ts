// `pause`, `resume` and `retry`: write what the user requests where the agents and the coordinator read it.

import { Command } from 'commander';
import { isNotFound } from '../../../cluster/http/errors.ts';
import { MERGE_PATCH } from '../../../cluster/http/media-types.ts';
import { INPUT_KEYS, CONFIG_MAP } from '../../../names.ts';
import { UserError } from '../errors.ts';
import { orNoNode, readNode, shownNode } from '../cluster/nodes.ts';
import type { Program } from '../context.ts';
import type { Session } from '../session.ts';

const WRITER = { fieldManager: 'kubectl-sysctls' };

/** The command `pause [NODE]`. */
export function pauseCommand(program: Program): Command {
  return new Command('pause')
    .description('start no further change, on all nodes or on one; changes under way are finished')
    .argument('[node]', 'the node to pause; default: all nodes')
    .action(async (node: string | undefined) => {
      const session = program.session();
      if (node === undefined) {
        await patchPolicy(session, { paused: 'true' });
        say(
          program,
          `Paused: ${keyOf(session)} is set to "true". No further change starts. To resume: kubectl sysctls resume`,
        );
      } else {
        await annotate(session, node, { [INPUT_KEYS.paused]: 'true' });
        say(program, `Paused: ${node}. The other nodes continue. To resume: kubectl sysctls resume ${node}`);
      }
    });
}

/** The command `resume [NODE]`. */
export function resumeCommand(program: Program): Command {
  return new Command('resume')
    .description('end the pause of the rollout or of one node')
    .argument('[node]', 'the paused node; default: the pause of all nodes')
    .action(async (node: string | undefined) => {
      const session = program.session();
      if (node === undefined) {
        await patchPolicy(session, { paused: null });
        say(program, `Resumed: ${keyOf(session)} is removed.`);
      } else {
        await annotate(session, node, { [INPUT_KEYS.paused]: null });
        say(program, `Resumed: ${node} takes part in the rollout again.`);
      }
    });
}

/** The command `retry NODE`. */
export function retryCommand(program: Program): Command {
  return new Command('retry')
    .description('retry the failed change of a node now, without waiting for its backoff')
    .argument('<node>', 'the name of the node')
    .action(async (node: string) => {
      const session = program.session();
      const { fleet } = shownNode(await readNode(session, node));
      if (fleet.state === undefined) {
        throw new UserError(
          `Expected a report of the agent on ${node}, found none. See kubectl sysctls status.`,
        );
      }
      if (fleet.failedRevision === undefined && fleet.state !== 'Degraded') {
        throw new UserError(
          `Expected a failed change on ${node}, got state ${fleet.state}. There is nothing to retry.`,
        );
      }
      await annotate(session, node, { [INPUT_KEYS.retry]: new Date().toISOString() });
      say(program, `Retry requested for ${node}. Result: kubectl sysctls history ${node}`);
    });
}

async function patchPolicy(
  { transport, place }: Session,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  const namespace = encodeURIComponent(place.namespace);
  try {
    await transport.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/configmaps/${CONFIG_MAP}`,
      query: WRITER,
      contentType: MERGE_PATCH,
      body: { data },
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(
      `Expected a ConfigMap ${CONFIG_MAP} in namespace ${place.namespace}, found none. Choose another namespace with -n.`,
    );
  }
}

async function annotate(
  { transport }: Session,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
  const body = { metadata: { annotations } };
  await orNoNode(
    name,
    transport.request({ method: 'PATCH', path, query: WRITER, contentType: MERGE_PATCH, body }),
  );
}

function keyOf({ place }: Session): string {
  return `key paused of ConfigMap ${place.namespace}/${CONFIG_MAP}`;
}

function say({ stdout }: Program, text: string): void {
  stdout.write(`${text}\n`);
}

// `pause`, `resume` and `retry`: what a person asks of the rollout, written where the agents and the coordinator read it.

import { Command } from 'commander';
import { isNotFound } from '../../../cluster/http/errors.ts';
import { MERGE_PATCH } from '../../../cluster/http/media-types.ts';
import { INPUT_KEYS, CONFIG_MAP } from '../../../names.ts';
import { UserError } from '../errors.ts';
import { orNoNode, readNode, shownNode } from '../cluster/nodes.ts';
import type { Program } from '../context.ts';
import type { Session } from '../session.ts';

const WRITER = { fieldManager: 'kubectl-sysctls' };

export function pauseCommand(program: Program): Command {
  return new Command('pause')
    .description('let no change begin, anywhere or on one node; what is under way is finished')
    .argument('[node]', 'this node alone; without it, all')
    .action(async (node: string | undefined) => {
      const session = program.session();
      if (node === undefined) {
        await patchPolicy(session, { paused: 'true' });
        say(
          program,
          `Paused: ${keyOf(session)} is set to "true". No change begins; kubectl sysctls resume ends it.`,
        );
      } else {
        await annotate(session, node, { [INPUT_KEYS.paused]: 'true' });
        say(
          program,
          `Paused: ${node} is left as it is until kubectl sysctls resume ${node}. The others go on.`,
        );
      }
    });
}

export function resumeCommand(program: Program): Command {
  return new Command('resume')
    .description('end a pause, of all or of one node')
    .argument('[node]', 'the node that was paused; without it, the pause of all')
    .action(async (node: string | undefined) => {
      const session = program.session();
      if (node === undefined) {
        await patchPolicy(session, { paused: null });
        say(program, `Resumed: ${keyOf(session)} is removed.`);
      } else {
        await annotate(session, node, { [INPUT_KEYS.paused]: null });
        say(program, `Resumed: ${node} goes with the others.`);
      }
    });
}

export function retryCommand(program: Program): Command {
  return new Command('retry')
    .description('try the change of a node that failed again now, instead of after its pause')
    .argument('<node>')
    .action(async (node: string) => {
      const session = program.session();
      const { fleet } = shownNode(await readNode(session, node));
      if (fleet.state === undefined) {
        throw new UserError(
          `Expected an agent on ${node}, got no report of one; see kubectl sysctls status.`,
        );
      }
      if (fleet.failedRevision === undefined && fleet.state !== 'Degraded') {
        throw new UserError(
          `Expected a failed change on ${node}, got state ${fleet.state}: there is nothing to retry.`,
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
      `Expected a ConfigMap ${CONFIG_MAP} in namespace ${place.namespace}, found none; -n names another namespace.`,
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

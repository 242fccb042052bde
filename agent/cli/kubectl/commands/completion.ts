// `kubectl sysctls completion`: prints the shells' scripts; and the hidden command that these and kubectl call.

import { Argument, Command } from 'commander';
import { objectAt, stringAt } from '../../../cluster/http/json.ts';
import { objectsOf } from '../../../cluster/watch/list-items.ts';
import { loadKubeconfig } from '../../../cluster/kubeconfig/kubeconfig.ts';
import { METADATA_LIST } from '../../../cluster/http/media-types.ts';
import { complete, type GlobalWords, type Sources } from '../completion/candidates.ts';
import { inOrder } from '../cluster/nodes.ts';
import type { Program, World } from '../context.ts';
import { openSession } from '../session.ts';
import { SCRIPTS, type Shell } from '../completion/shell-scripts.ts';

/** cobra's directives, which kubectl reads: 0 lets the shell offer files, 4 does not. */
const DIRECTIVE = { files: 0, noFiles: 4 } as const;
/** Limit for listing the Nodes, since the user waits for the candidates. */
const NODES_MS = 2000;

const PLUGIN = `
To complete 'kubectl sysctls <TAB>' (kubectl 1.26 and later, with kubectl's own completion), put an executable file
kubectl_complete-sysctls on the PATH:

  #!/bin/sh
  exec kubectl sysctls __complete "$@"`;

/** The command `completion SHELL`. */
export function completionCommand({ stdout }: Program): Command {
  return new Command('completion')
    .description('print the completion script of kubectl-sysctls for a shell')
    .addArgument(new Argument('<shell>', 'the shell that runs the script').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', PLUGIN)
    .action((shell: Shell) => void stdout.write(SCRIPTS[shell]));
}

/** The hidden command that the scripts and kubectl call. */
export const COMPLETE = '__complete';

/** Prints each candidate on a line, with a tab and its description after it, and last the directive, as cobra does. */
export async function printCompletion(root: Command, words: readonly string[], world: World): Promise<void> {
  const { candidates, files } = await complete(root, words, sourcesOf(world));
  const lines = candidates.map(({ value, description }) =>
    description === undefined ? value : `${value}\t${description}`,
  );
  world.stdout.write([...lines, `:${files ? DIRECTIVE.files : DIRECTIVE.noFiles}`, ''].join('\n'));
}

function sourcesOf(world: World): Sources {
  return {
    contexts: ({ kubeconfig }) => orNone(() => contextsOf(world, kubeconfig)),
    nodes: (flags) => nodesOf(world, flags).catch(() => []),
  };
}

function contextsOf({ env }: World, kubeconfig: string | undefined): readonly string[] {
  return loadKubeconfig({ kubeconfig, env }).contexts.map(({ name }) => name);
}

async function nodesOf({ env }: World, flags: GlobalWords): Promise<readonly string[]> {
  const { transport } = openSession({ namespace: '', ...flags, requestTimeout: NODES_MS / 1000 }, env);
  const found: { readonly name: string }[] = [];
  const bytes = transport.read({
    method: 'GET',
    path: '/api/v1/nodes',
    query: { resourceVersion: '0' },
    accept: METADATA_LIST,
    timeoutMs: NODES_MS,
  });
  for await (const object of objectsOf(bytes)) {
    const name = stringAt(objectAt(object, 'metadata'), 'name');
    if (name !== undefined) found.push({ name });
  }
  return inOrder(found).map(({ name }) => name);
}

/** An error message would appear in the middle of the command line. */
function orNone(values: () => readonly string[]): readonly string[] {
  try {
    return values();
  } catch {
    return [];
  }
}

// `kubelet-sysctls history`: the last changes of this node, as the agent remembers them. Runs in the agent's container.

import { Command, Option } from 'commander';
import { hostCommands } from '../host/commands.ts';
import { hostFiles } from '../host/files.ts';
import { HOST_ROOT } from '../host/paths.ts';
import { MEMORY_FOLDER, type Memory, MemoryError, memoryStore } from '../node/memory.ts';
import type { HostFiles } from '../node/ports.ts';
import { errorText } from '../text/error-text.ts';
import { EXIT, Exit } from './exit.ts';
import { historyText } from './history-text.ts';

interface Flags {
  readonly output: 'text' | 'json';
}

/**
 * The command `history`. Reads the host's files below `root` and prints the changes, oldest first; throws an Exit with code 1
 * when there are none or they cannot be read.
 */
export function historyCommand(root: string = HOST_ROOT): Command {
  return new Command('history')
    .description(
      "show this node's last ten changes; runs in the agent's container: kubectl exec <pod> -- node /app/kubelet-sysctls.mjs history",
    )
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .exitOverride()
    .action(({ output }: Flags) => printHistory(hostFiles(root, hostCommands()), output));
}

async function printHistory(files: HostFiles, output: Flags['output']): Promise<void> {
  const { history = [] } = await remembered(files);
  if (history.length === 0) {
    throw refusal(
      'Expected a change of this node to be remembered, found none: no agent has changed it yet, or it was restored.',
    );
  }
  process.stdout.write(
    output === 'json'
      ? `${JSON.stringify({ changes: history }, undefined, 2)}\n`
      : `${historyText(history)}\n`,
  );
}

async function remembered(files: HostFiles): Promise<Memory> {
  try {
    return await memoryStore(files).load();
  } catch (error) {
    if (error instanceof MemoryError) {
      throw refusal(error.message);
    }
    throw refusal(
      `Expected to read ${MEMORY_FOLDER} of the host, could not: ${errorText(error)}. Run this in the agent's container: ` +
        'kubectl -n kubelet-sysctl-agent exec <the pod of the node> -- node /app/kubelet-sysctls.mjs history',
    );
  }
}

function refusal(message: string): Exit {
  process.stderr.write(`${message}\n`);
  return new Exit(EXIT.no);
}

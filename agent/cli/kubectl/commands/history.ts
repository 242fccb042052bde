// `kubectl sysctls history`: prints a node's last changes, from the annotation that its agent writes.

import { Command } from 'commander';
import { objectAt, stringMapAt } from '../../../cluster/http/json.ts';
import { HistoryError, parseHistory } from '../../../report/history.ts';
import { KEYS } from '../../../names.ts';
import type { PastChange } from '../../../report/past-change.ts';
import type { Program } from '../context.ts';
import { UserError } from '../errors.ts';
import { outputOption } from '../options.ts';
import { dataText } from '../views/data-text.ts';
import { historyText } from '../views/history-text.ts';
import { readNode } from '../cluster/nodes.ts';
import type { Session } from '../session.ts';

interface Flags {
  readonly output: (typeof FORMATS)[number];
}

const FORMATS = ['text', 'json', 'yaml'] as const;

/** The command `history NODE`. */
export function historyCommand(program: Program): Command {
  return new Command('history')
    .description("show a node's last five changes, oldest first")
    .argument('<node>', 'the name of the node')
    .addOption(outputOption(FORMATS, 'the format of the history'))
    .action(async (node: string, { output }: Flags) => {
      const changes = await changesOf(program.session(), node);
      program.stdout.write(output === 'text' ? `${historyText(changes)}\n` : dataText({ changes }, output));
    });
}

async function changesOf(session: Session, name: string): Promise<readonly PastChange[]> {
  const annotations = stringMapAt(objectAt(await readNode(session, name), 'metadata'), 'annotations');
  if (annotations[KEYS.state] === undefined) {
    throw new UserError(`Expected a report of the agent on ${name}, found none. See kubectl sysctls status.`);
  }
  const changes = parsed(name, annotations[KEYS.history] ?? '[]', session.place.namespace);
  if (changes.length === 0) {
    throw new UserError(
      `Expected Node ${name} to have changes in its annotation ${KEYS.history}, found none. ` +
        'No change has ended there, mode: Restore has reverted them all, or its agent is older than this plugin.',
    );
  }
  return changes;
}

function parsed(name: string, text: string, namespace: string): readonly PastChange[] {
  try {
    return parseHistory(text);
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    throw new UserError(
      `Expected the annotation ${KEYS.history} of Node ${name} in the agent's format, got something else ` +
        `(${error.message}). A running agent corrects it; an agent of another version may write another format. ` +
        `See kubectl -n ${namespace} get pods -o wide.`,
    );
  }
}

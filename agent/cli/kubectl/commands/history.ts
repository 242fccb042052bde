// `kubectl sysctls history`: a node's last changes, as its agent wrote them in an annotation of the Node.

import { Command, Option } from 'commander';
import { stripVTControlCharacters } from 'node:util';
import { objectAt, stringMapAt } from '../../../cluster/http/json.ts';
import { HistoryError, parseHistory } from '../../../report/history.ts';
import { KEYS } from '../../../names.ts';
import type { PastChange } from '../../../report/past-change.ts';
import type { Program } from '../context.ts';
import { UserError } from '../errors.ts';
import { historyText } from '../views/history-text.ts';
import { readNode } from '../cluster/nodes.ts';
import type { Session } from '../session.ts';

interface Flags {
  readonly output: 'text' | 'json';
}

export function historyCommand(program: Program): Command {
  return new Command('history')
    .description("show a node's last five changes, oldest first")
    .argument('<node>')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action(async (node: string, { output }: Flags) => {
      const changes = await changesOf(program.session(), node);
      program.stdout.write(`${output === 'json' ? jsonOf(changes) : historyText(changes)}\n`);
    });
}

async function changesOf(session: Session, name: string): Promise<readonly PastChange[]> {
  const annotations = stringMapAt(objectAt(await readNode(session, name), 'metadata'), 'annotations');
  if (annotations[KEYS.state] === undefined) {
    throw new UserError(`Expected an agent on ${name}, got no report of one; see kubectl sysctls status.`);
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
      `Expected the annotation ${KEYS.history} of Node ${name} to be as its agent writes it, got something else ` +
        `(${error.message}). The agent corrects it while it runs; one of another version may write another format. ` +
        `See kubectl -n ${namespace} get pods -o wide.`,
    );
  }
}

/** JSON escapes some control characters alone; nothing that a Node holds may control a person's terminal. */
function jsonOf(changes: readonly PastChange[]): string {
  return stripVTControlCharacters(JSON.stringify({ changes }, undefined, 2));
}

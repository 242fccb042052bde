// `kubectl sysctls status`: shows the rollout on one screen.

import { Command } from 'commander';
import { KEYS } from '../../../names.ts';
import { renderTable } from '../../../report/table.ts';
import { decideRollout } from '../../../rollout/decide.ts';
import { colorsFor } from '../../colors.ts';
import { EXIT, Exit } from '../../exit.ts';
import { readInstallation } from '../cluster/installation.ts';
import { listNodes, type ShownNode } from '../cluster/nodes.ts';
import { readOr, type Unread } from '../cluster/unread.ts';
import type { Output, Program } from '../context.ts';
import type { Place, Session } from '../session.ts';
import { outputOption } from '../options.ts';
import { dataText, nodeNames } from '../views/data-text.ts';
import { screenOf } from '../views/screen.ts';
import { isPartial, statusText } from '../views/status-text.ts';
import { watchStatus } from './status-watch.ts';
import { statusView, type StatusView } from '../views/status-view.ts';

interface Flags {
  readonly output: (typeof FORMATS)[number];
  readonly watch: boolean;
}

const FORMATS = ['text', 'json', 'yaml', 'wide', 'name'] as const;

/** The command `status`. Throws an Exit with code 1 when the user may not read the policy or the nodes. */
export function statusCommand(program: Program): Command {
  return new Command('status')
    .description('show the rollout and the nodes that need attention')
    .addOption(outputOption(FORMATS, 'the format; wide lists every node, name only their names'))
    .option('-w, --watch', 'update the output at every change', false)
    .action(async (flags: Flags, command: Command) => {
      if (flags.watch) {
        if (flags.output !== 'text') {
          command.error(`error: Expected --watch without -o, got -o ${flags.output}.`, {
            exitCode: EXIT.usage,
          });
        }
        await watchStatus(program, program.interruption());
        return;
      }
      const session = program.session();
      const { view, nodes } = await readStatus(session);
      program.stdout.write(
        render(view, nodes, { place: session.place, stdout: program.stdout, output: flags.output }),
      );
      if (isPartial(view)) throw new Exit(EXIT.no);
    });
}

async function readStatus(session: Session): Promise<{ view: StatusView; nodes: readonly ShownNode[] }> {
  const unread: Unread[] = [];
  const [installation, nodes = []] = await Promise.all([
    readInstallation(session),
    readOr(session, { what: 'nodes', unread }, listNodes(session)),
  ]);
  const view = statusView({ installation, nodes, now: new Date(), decide: decideRollout });
  return { view: { ...view, unread: [...unread, ...view.unread] }, nodes };
}

function render(
  view: StatusView,
  nodes: readonly ShownNode[],
  to: { readonly place: Place; readonly stdout: Output; readonly output: Flags['output'] },
): string {
  if (to.output === 'json' || to.output === 'yaml') {
    return dataText(isPartial(view) ? { ...view, phase: 'Unknown' } : view, to.output);
  }
  if (to.output === 'name') return nodeNames(nodes.map(({ name }) => name));
  const text = statusText(view, to.place, screenOf(to.stdout), colorsFor(to.stdout));
  return to.output === 'wide' ? `${text}\n\n${renderTable(withTurns(nodes, view))}\n` : `${text}\n`;
}

/** A node that is Done does not report that it waits for its turn, and one with the host's own service reports nothing: the decision shows both. */
function withTurns(nodes: readonly ShownNode[], { verdicts }: StatusView): readonly ShownNode[] {
  const standings = new Map(verdicts.map((verdict) => [verdict.name, verdict]));
  return nodes.map((node) => {
    const { revision, standing = 'done', attention = '' } = standings.get(node.name) ?? {};
    if (node.fleet.hostService === true) {
      return { ...node, annotations: { [KEYS.state]: 'host service', [KEYS.reason]: attention } };
    }
    const { [KEYS.state]: state } = node.annotations;
    if (state !== 'Done' || standing === 'done' || revision === undefined) return node;
    const turn = { [KEYS.state]: `${state}, ${standing}`, [KEYS.desiredRevision]: revision };
    return { ...node, annotations: { ...node.annotations, ...turn } };
  });
}

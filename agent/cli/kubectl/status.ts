// `kubectl sysctls status`: where the rollout stands, on one screen.

import { Command, Option } from 'commander';
import { renderTable } from '../../report/table.ts';
import { colorsFor } from '../colors.ts';
import { readInstallation } from './installation.ts';
import { listNodes, type ShownNode } from './nodes.ts';
import type { Output, Program } from './program.ts';
import { decideRollout } from './provisional-decide.ts';
import type { Place, Session } from './session.ts';
import { screenOf } from './screen.ts';
import { statusText } from './status-text.ts';
import { statusView, type StatusView } from './status-view.ts';

interface Flags {
  readonly output: 'text' | 'json' | 'wide';
}

export function statusCommand(program: Program): Command {
  return new Command('status')
    .description('show where the rollout stands, and which nodes need attention')
    .addOption(
      new Option('-o, --output <format>', 'json, or wide for every node')
        .choices(['text', 'json', 'wide'])
        .default('text'),
    )
    .action(async (flags: Flags) => {
      const session = program.session();
      const { view, nodes } = await look(session);
      program.stdout.write(
        `${render(view, nodes, { place: session.place, stdout: program.stdout, output: flags.output })}\n`,
      );
    });
}

async function look(session: Session): Promise<{ view: StatusView; nodes: readonly ShownNode[] }> {
  const [installation, nodes] = await Promise.all([readInstallation(session), listNodes(session)]);
  return { view: statusView({ installation, nodes, now: new Date(), decide: decideRollout }), nodes };
}

function render(
  view: StatusView,
  nodes: readonly ShownNode[],
  to: { readonly place: Place; readonly stdout: Output; readonly output: Flags['output'] },
): string {
  if (to.output === 'json') return JSON.stringify(view, undefined, 2);
  const text = statusText(view, to.place, screenOf(to.stdout), colorsFor(to.stdout));
  return to.output === 'wide' ? `${text}\n\n${renderTable(nodes)}` : text;
}

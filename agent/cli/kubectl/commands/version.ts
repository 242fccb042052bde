// `kubectl sysctls version`: the versions of the plugin, the coordinator and the agents, and how they differ.

import { Command } from 'commander';
import { isNotFound } from '../../../cluster/http/errors.ts';
import { objectAt, stringMapAt } from '../../../cluster/http/json.ts';
import { STATUS_NAME } from '../../../names.ts';
import { count } from '../../../text/count.ts';
import { someNames } from '../../../text/names.ts';
import { printable } from '../../../text/quote.ts';
import { VERSION } from '../../../text/version.ts';
import { colorsFor, type Colors } from '../../colors.ts';
import { listNodes } from '../cluster/nodes.ts';
import { readOr, type Unread } from '../cluster/unread.ts';
import type { Program } from '../context.ts';
import { outputOption } from '../options.ts';
import type { Session } from '../session.ts';
import { dataText } from '../views/data-text.ts';
import { versionView, type VersionView } from '../views/version-view.ts';

const FORMATS = ['text', 'json', 'yaml'] as const;
const NAMES_WIDTH = 60;

/** The command `version`. */
export function versionCommand(program: Program): Command {
  return new Command('version')
    .description(
      'show the versions of the plugin, the coordinator and the agents, and warn where they differ',
    )
    .addOption(outputOption(FORMATS, 'the format of the versions'))
    .action(async ({ output }: { readonly output: (typeof FORMATS)[number] }) => {
      const view = await readVersions(program.session());
      program.stdout.write(
        output === 'text' ? versionText(view, colorsFor(program.stdout)) : dataText(view, output),
      );
    });
}

/** Reads who reports which version, as far as the user may. */
export async function readVersions(session: Session): Promise<VersionView> {
  const unread: Unread[] = [];
  const [nodes, coordinator] = await Promise.all([
    readOr(session, { what: 'nodes', unread }, listNodes(session)),
    readOr(session, { what: 'coordinator', unread }, readCoordinator(session)),
  ]);
  return versionView({ plugin: VERSION, coordinator, nodes, unread });
}

/** Returns the version in the status that the coordinator writes; undefined when there is none. */
async function readCoordinator({ transport, place }: Session): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/configmaps/${STATUS_NAME}`;
  try {
    return stringMapAt(objectAt((await transport.request({ method: 'GET', path })).body), 'data')['version'];
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function versionText(view: VersionView, colors: Colors): string {
  const { plugin, coordinator, agents, withoutAgent, warnings, unread } = view;
  const isUnread = unread.some(({ what }) => what === 'coordinator');
  const lines = [
    `Plugin       ${plugin}`,
    `Coordinator  ${printable(coordinator ?? (isUnread ? 'not read' : 'none, or it reports no version'))}`,
    ...agentLines(agents),
    ...(withoutAgent.length === 0
      ? []
      : [`No agent     ${count(withoutAgent.length, 'node')}: ${someNames(withoutAgent, NAMES_WIDTH)}`]),
    ...warnings.map((text) => colors.yellow(`Warning: ${printable(text, 1000)}`)),
    ...unread.map(({ permission }) => colors.yellow(permission)),
  ];
  return `${lines.join('\n')}\n`;
}

function agentLines(agents: VersionView['agents']): readonly string[] {
  if (agents === null) return ['Agents       not read'];
  if (agents.length === 0) return ['Agents       none'];
  return agents.map(({ version, count: number, nodes }, at) => {
    const names = agents.length > 1 ? `: ${someNames(nodes, NAMES_WIDTH)}` : '';
    const what = printable(version ?? 'unknown version');
    return (at === 0 ? 'Agents' : '').padEnd(13) + `${what} on ${count(number, 'node')}${names}`;
  });
}

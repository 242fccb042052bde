// The versions of the parts as data: the JSON that `version` prints. Pure.

import { KEYS } from '../../../names.ts';
import { count } from '../../../text/count.ts';
import { firstNames } from '../../../text/names.ts';
import type { ShownNode } from '../cluster/nodes.ts';
import type { Unread } from '../cluster/unread.ts';

export interface AgentsOfVersion {
  /** null: an agent that reports none; it is older than the annotation. */
  readonly version: string | null;
  readonly count: number;
  readonly nodes: readonly string[];
}

export interface VersionView {
  readonly plugin: string;
  /** As the status of the rollout says; null: there is none, it names no version, or it may not be read. */
  readonly coordinator: string | null;
  /** By version, most nodes first; null: the nodes may not be listed. */
  readonly agents: readonly AgentsOfVersion[] | null;
  /** Nodes on which no agent has reported. */
  readonly withoutAgent: readonly string[];
  /** A sentence or two for each difference. */
  readonly warnings: readonly string[];
  /** What may not be read, with the permission that it needs. */
  readonly unread: readonly Unread[];
}

export interface VersionInput {
  readonly plugin: string;
  /** undefined: unknown. */
  readonly coordinator: string | undefined;
  /** undefined: they may not be listed. */
  readonly nodes: readonly ShownNode[] | undefined;
  readonly unread: readonly Unread[];
}

/** Returns the versions and how they differ. */
export function versionView({ plugin, coordinator, nodes, unread }: VersionInput): VersionView {
  const agents = nodes && agentsOf(nodes.filter(({ fleet }) => fleet.state !== undefined));
  return {
    plugin,
    coordinator: coordinator ?? null,
    agents: agents ?? null,
    withoutAgent: (nodes ?? []).filter(({ fleet }) => fleet.state === undefined).map(({ name }) => name),
    warnings: [...agentWarnings(agents ?? []), ...skews(plugin, coordinator, agents ?? [])],
    unread,
  };
}

function agentsOf(nodes: readonly ShownNode[]): readonly AgentsOfVersion[] {
  const by = Map.groupBy(nodes, ({ annotations }) => annotations[KEYS.version] ?? null);
  return [...by]
    .map(([version, its]) => ({ version, count: its.length, nodes: its.map(({ name }) => name) }))
    .toSorted((one, other) => other.count - one.count);
}

const MOST_NAMES = 5;

function agentWarnings(agents: readonly AgentsOfVersion[]): readonly string[] {
  if (agents.length < 2) return [];
  const fewer = agents.slice(1).flatMap(({ nodes }) => nodes);
  return [
    `The agents have ${agents.length} versions: an update is under way, or ${count(fewer.length, 'node')} did not take part in it: ` +
      `${firstNames(fewer, MOST_NAMES)}.`,
  ];
}

/** The parts that differ from the plugin, and a coordinator that differs from agents. */
function skews(
  plugin: string,
  coordinator: string | undefined,
  agents: readonly AgentsOfVersion[],
): readonly string[] {
  const other = agents.filter(({ version }) => version !== plugin);
  const parts = [
    ...(coordinator === undefined || coordinator === plugin ? [] : [`the coordinator is ${coordinator}`]),
    ...other.map(
      ({ version, count: number }) =>
        `${count(number, 'agent')} ${version === null ? 'of an unknown version' : `of ${version}`}`,
    ),
  ];
  const apart = agents.some(({ version }) => coordinator !== undefined && version !== coordinator);
  return [
    ...(parts.length === 0
      ? []
      : [
          `This plugin is ${plugin}, but ${parts.join(', ')}: what it shows may be incomplete. Use the plugin of the installed release.`,
        ]),
    ...(apart
      ? ['The coordinator and agents have different versions. Apply the manifests of one release to both.']
      : []),
  ];
}

// The agent's report on its Node object.

import type { V1Node } from '@kubernetes/client-node';
import { KEYS } from '../../agent/names.ts';
import type { World } from './world.ts';

/** Our annotations, without the prefix; an absent one is undefined. */
export type Report = { readonly [key in keyof typeof KEYS]?: string } & {
  /** The label of the same name. */
  readonly stateLabel?: string;
};

/** Returns the allowances in the text of `desired` or `running`. */
export function listIn(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

export async function reportOf({ cluster }: Pick<World, 'cluster'>, node: string): Promise<Report> {
  return reportIn(await cluster.core.readNode({ name: node }));
}

export function reportIn({ metadata }: V1Node): Report {
  const entries = Object.entries(KEYS).flatMap(([name, key]) => {
    const value = metadata?.annotations?.[key];
    return value === undefined ? [] : [[name, value]];
  });
  const stateLabel = metadata?.labels?.[KEYS.state];
  return { ...Object.fromEntries(entries), ...(stateLabel === undefined ? {} : { stateLabel }) };
}

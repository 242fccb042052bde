// The rooms of agent/: its folders, and which of them imports which.

import type { Source } from './imports.ts';

export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** Imports types only. */
  readonly isType: boolean;
  /** `from` and `to` are part of an import cycle. */
  readonly isCircle: boolean;
}

export interface Room {
  readonly name: string;
  readonly files: number;
}

export interface House {
  /** Top folders; `''` holds the entry points, `names` the file names.ts. */
  readonly folders: readonly (Room & { readonly rooms: readonly Room[] })[];
  /** Between top folders, and between the rooms of each, without arrows implied by others. */
  readonly arrows: readonly Arrow[];
}

/** Folders that are drawn with their subfolders; each other folder is one room. */
const DIVIDED = new Set(['node', 'rollout', 'cluster', 'cli']);

/** Lies beside the entry points, and every room imports it. */
const NAMES = 'names.ts';

/** Returns the top folder of a file of agent/, such as `node` for `node/agent.ts`. */
export function folderOf(file: string): string {
  if (file === NAMES) return 'names';
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

export function houseOf({ files, imports }: Source): House {
  const shared = sharedFiles(imports);
  const roomOf = (file: string): string => room(file, shared);
  const folders = [...Map.groupBy(files, folderOf)].map(([name, inside]) => ({
    name,
    files: inside.length,
    rooms: DIVIDED.has(name) ? roomsOf(inside.map(roomOf)) : [],
  }));
  const between = imports.map((each) => ({ ...each, from: folderOf(each.from), to: folderOf(each.to) }));
  const within = imports
    .filter(({ from, to }) => folderOf(from) === folderOf(to) && DIVIDED.has(folderOf(from)))
    .map((each) => ({ ...each, from: roomOf(each.from), to: roomOf(each.to) }));
  return {
    folders: folders.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    arrows: [...arrowsOf(between), ...arrowsOf(within)],
  };
}

function roomsOf(names: readonly string[]): readonly Room[] {
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, inside]) => ({ name, files: inside.length }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns `node/change` for `node/change/arm.ts`, `node/` for `node/agent.ts`, and `node/*` for `node/ports.ts`, which rooms below import. */
function room(file: string, shared: ReadonlySet<string>): string {
  const [top = '', next = '', ...rest] = file.split('/');
  if (rest.length > 0) return `${top}/${next}`;
  return shared.has(file) ? `${top}/*` : `${top}/`;
}

/** Returns the files at the top of a divided folder that its rooms import, directly or through another such file. */
function sharedFiles(imports: Source['imports']): ReadonlySet<string> {
  const inside = imports.filter(({ from, to }) => isTop(to) && folderOf(from) === folderOf(to));
  const shared = new Set(inside.filter(({ from }) => !isTop(from)).map(({ to }) => to));
  for (const file of shared) {
    for (const { from, to } of inside) if (from === file) shared.add(to);
  }
  return shared;
}

function isTop(file: string): boolean {
  return file.split('/').length === 2;
}

function arrowsOf(edges: readonly { from: string; to: string; isType: boolean }[]): readonly Arrow[] {
  const targets = new Map<string, Set<string>>();
  const values = new Set<string>();
  for (const { from, to, isType } of edges) {
    if (from === to) continue;
    targets.set(from, (targets.get(from) ?? new Set()).add(to));
    if (!isType) values.add(`${from} ${to}`);
  }
  const reach = new Map([...targets.keys()].map((name) => [name, reachable(name, targets)] as const));
  const leads = (from: string, to: string): boolean => reach.get(from)?.has(to) === true;
  return [...targets]
    .flatMap(([from, all]) => [...all].map((to) => ({ from, to })))
    .map(({ from, to }) => ({
      from,
      to,
      isType: !values.has(`${from} ${to}`),
      isCircle: leads(to, from),
    }))
    .filter(({ from, to, isCircle }) => isCircle || !hasDetour(from, to))
    .toSorted((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1));

  function hasDetour(from: string, to: string): boolean {
    const others = [...(targets.get(from) ?? [])].filter((other) => other !== to && !leads(other, from));
    return others.some((other) => leads(other, to) && !leads(to, other));
  }
}

function reachable(start: string, targets: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set(targets.get(start));
  for (const name of found) for (const next of targets.get(name) ?? []) found.add(next);
  return found;
}

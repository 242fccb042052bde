// The tiles: a list box with one option a node. One message changes only the tiles that it names.

import type { NodeTile } from '../messages.ts';
import { element, setAttribute, setText } from './dom.ts';
import { compareNames, groupOf, placeIn, type Grouping } from './model/groups.ts';
import { nextIndex, type Spot } from './model/keys.ts';
import { tileText } from './model/words.ts';

/** With more nodes than this a tile has no name, and with more than the second it is smaller. */
const MOST_NAMED = 150;
const MOST_LARGE = 1500;

const NOWHERE: Spot = { left: 0, top: 0 };

interface Tile {
  readonly name: string;
  readonly element: HTMLElement;
  seen: NodeTile;
  group: string;
}

interface Section {
  readonly key: string;
  readonly element: HTMLElement;
  readonly list: HTMLElement;
  readonly count: HTMLElement;
  /** In the order of names. */
  readonly tiles: Tile[];
}

export interface Tiles {
  /** Shows these nodes; `names` are those that may have changed, undefined: all. */
  show(nodes: ReadonlyMap<string, NodeTile>, names: readonly string[] | undefined): void;
  groupBy(grouping: Grouping): void;
  /** Marks this node's tile as selected and scrolls to it; undefined: none. */
  select(name: string | undefined): void;
}

/** Puts the tiles into `box`, which has the role listbox; calls `onSelect` when a person chooses one. */
export function createTiles(box: HTMLElement, onSelect: (name: string) => void): Tiles {
  const tiles = new Map<string, Tile>();
  const sections = new Map<string, Section>();
  let grouping: Grouping = 'zone';
  let selected: string | undefined;
  /** The one tile that Tab reaches; the arrow keys move it. */
  let reachable: Tile | undefined;

  box.addEventListener('click', ({ target }) => {
    const tile = tileOf(target);
    if (tile !== undefined) choose(tile);
  });
  box.addEventListener('keydown', onKey);
  box.addEventListener('pointerover', ({ target }) => {
    const tile = tileOf(target);
    if (tile !== undefined) setAttribute(tile.element, 'title', tileText(tile.seen));
  });

  return {
    show(nodes, names) {
      if (names === undefined) {
        const gone = [...tiles.keys()].filter((name) => !nodes.has(name));
        gone.forEach(remove);
      }
      for (const name of names ?? nodes.keys()) {
        const node = nodes.get(name);
        if (node === undefined) remove(name);
        else put(node);
      }
      finish(nodes.size);
    },
    groupBy(next) {
      grouping = next;
      for (const tile of tiles.values()) tile.group = '';
      for (const section of sections.values()) section.element.remove();
      sections.clear();
      for (const tile of tiles.values()) place(tile);
      finish(tiles.size);
    },
    select(name) {
      const [before, next] = [selected, name].map((one) => (one === undefined ? undefined : tiles.get(one)));
      before?.element.setAttribute('aria-selected', 'false');
      next?.element.setAttribute('aria-selected', 'true');
      selected = name;
      if (next !== undefined) {
        reach(next);
        next.element.scrollIntoView({ block: 'nearest' });
      }
    },
  };

  function put(node: NodeTile): void {
    const known = tiles.get(node.name);
    const tile = known ?? createTile(node);
    tiles.set(node.name, tile);
    tile.seen = node;
    draw(tile);
    place(tile);
  }

  function draw({ element: target, seen }: Tile): void {
    setAttribute(target, 'data-standing', seen.standing);
    setAttribute(target, 'aria-label', tileText(seen));
    target.toggleAttribute('data-paused', seen.paused);
    target.removeAttribute('title');
  }

  /** Puts the tile into its section, at its place. */
  function place(tile: Tile): void {
    const { key, title } = groupOf(tile.seen, grouping);
    if (tile.group === key && sections.has(key)) return;
    const hadFocus = document.activeElement === tile.element;
    leave(tile);
    const section = sections.get(key) ?? createSection(key, title);
    const at = placeIn(section.tiles, tile.name);
    section.list.insertBefore(tile.element, section.tiles[at]?.element ?? null);
    section.tiles.splice(at, 0, tile);
    tile.group = key;
    if (hadFocus) tile.element.focus();
  }

  function leave(tile: Tile): void {
    const section = sections.get(tile.group);
    const at = section === undefined ? -1 : placeIn(section.tiles, tile.name);
    if (section?.tiles[at] === tile) section.tiles.splice(at, 1);
  }

  function remove(name: string): void {
    const tile = tiles.get(name);
    if (tile === undefined) return;
    leave(tile);
    tile.element.remove();
    tiles.delete(name);
    if (reachable === tile) reachable = undefined;
  }

  function createSection(key: string, title: string): Section {
    const count = element('span', { class: 'count' });
    const heading = element('div', { class: 'group-title', 'aria-hidden': 'true' }, title, ' ', count);
    const list = element('div', { class: 'tiles', role: 'presentation' });
    const made = element('div', { class: 'group', role: 'group', 'aria-label': title }, heading, list);
    const section: Section = { key, element: made, list, count, tiles: [] };
    const next = [...sections.values()]
      .filter((other) => compareNames(other.key, key) > 0)
      .toSorted((one, other) => compareNames(one.key, other.key))[0];
    box.insertBefore(made, next?.element ?? null);
    sections.set(key, section);
    return section;
  }

  /** Counts, sizes, and the tile that Tab reaches. */
  function finish(nodes: number): void {
    for (const section of sections.values()) {
      if (section.tiles.length === 0) {
        section.element.remove();
        sections.delete(section.key);
      }
      setText(section.count, section.tiles.length.toLocaleString('en'));
    }
    setAttribute(box, 'data-size', nodes <= MOST_NAMED ? 'named' : nodes <= MOST_LARGE ? 'large' : 'small');
    const start = reachable ?? tileOf(box.querySelector('[role=option]'));
    if (start !== undefined) reach(start);
  }

  function reach(tile: Tile): void {
    if (reachable !== undefined && reachable !== tile) reachable.element.tabIndex = -1;
    reachable = tile;
    if (tile.element.tabIndex !== 0) tile.element.tabIndex = 0;
  }

  function onKey(event: KeyboardEvent): void {
    const tile = tileOf(event.target);
    if (tile === undefined) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      choose(tile);
      return;
    }
    const all = [...box.querySelectorAll<HTMLElement>('[role=option]')];
    const to = nextIndex(
      event.key,
      all.indexOf(tile.element),
      all.length,
      (index) => all[index]?.getBoundingClientRect() ?? NOWHERE,
    );
    const next = to === undefined ? undefined : tileOf(all[to] ?? null);
    if (next === undefined) return;
    event.preventDefault();
    reach(next);
    next.element.focus();
  }

  function choose(tile: Tile): void {
    onSelect(tile.name);
  }

  function tileOf(target: EventTarget | null): Tile | undefined {
    const option = target instanceof Element ? target.closest('[role=option]') : null;
    return option instanceof HTMLElement ? tiles.get(option.dataset['name'] ?? '') : undefined;
  }

  function createTile(seen: NodeTile): Tile {
    const option = element(
      'div',
      {
        class: 'tile',
        role: 'option',
        tabindex: '-1',
        'aria-selected': String(seen.name === selected),
        'data-name': seen.name,
      },
      element('span', { class: 'name', 'aria-hidden': 'true' }, seen.name),
    );
    return { name: seen.name, element: option, seen, group: '' };
  }
}

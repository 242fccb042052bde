// The groups of the tiles: a title with a count, and the tiles in the order of names.

import { element, setText } from '../dom.ts';
import { compareNames, groupOf, placeIn, type Group, type Grouping } from '../model/groups.ts';
import type { Tile } from './tile.ts';

interface Section {
  readonly key: string;
  readonly element: HTMLElement;
  readonly list: HTMLElement;
  readonly count: HTMLElement;
  /** In the order of names. */
  readonly tiles: Tile[];
}

/** Each move has the browser lay out and paint all tiles after it. */
const REST_MS = 2000;

/** The sections in `box`, in the order of their keys. Call `finish` after the changes of a message. */
export class Sections {
  readonly #box: HTMLElement;
  readonly #sections = new Map<string, Section>();
  #grouping: Grouping = 'zone';
  #hasMoved = false;
  #isResting = false;
  /** Tiles that move once the rest is over. */
  readonly #late = new Set<Tile>();

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  /** Puts the tile into its section, at its place: a new one at once, one that changes its section after the rest that follows a move. */
  place(tile: Tile): void {
    const group = groupOf(tile.seen, this.#grouping);
    this.#late.delete(tile);
    if (tile.group === group.key && this.#sections.has(group.key)) return;
    if (tile.group !== '') {
      if (this.#isResting) {
        this.#late.add(tile);
        return;
      }
      this.#hasMoved = true;
    }
    const hadFocus = document.activeElement === tile.element;
    this.#leave(tile);
    const section = this.#sections.get(group.key) ?? this.#add(group);
    const at = placeIn(section.tiles, tile.name);
    section.list.insertBefore(tile.element, section.tiles[at]?.element ?? null);
    section.tiles.splice(at, 0, tile);
    tile.group = group.key;
    if (hadFocus) tile.element.focus({ preventScroll: true });
  }

  remove(tile: Tile): void {
    this.#late.delete(tile);
    this.#leave(tile);
    tile.element.remove();
  }

  /** Groups these tiles, which are all there are, by `grouping`. */
  regroup(grouping: Grouping, tiles: Iterable<Tile>): void {
    this.#grouping = grouping;
    for (const section of this.#sections.values()) section.element.remove();
    this.#sections.clear();
    for (const tile of tiles) {
      tile.group = '';
      this.place(tile);
    }
  }

  /** Removes what is empty and shows the counts. */
  finish(): void {
    for (const { key, element: shown, count, tiles } of this.#sections.values()) {
      if (tiles.length === 0) {
        shown.remove();
        this.#sections.delete(key);
      }
      setText(count, tiles.length.toLocaleString('en'));
    }
    if (this.#hasMoved) this.#rest();
  }

  #rest(): void {
    this.#hasMoved = false;
    this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
      for (const tile of this.#late) this.place(tile);
      this.finish();
    }, REST_MS);
  }

  #leave(tile: Tile): void {
    const tiles = this.#sections.get(tile.group)?.tiles ?? [];
    const at = placeIn(tiles, tile.name);
    if (tiles[at] === tile) tiles.splice(at, 1);
  }

  #add({ key, title }: Group): Section {
    const count = element('span', { class: 'count' });
    const heading = element('div', { class: 'group-title', 'aria-hidden': 'true' }, title, ' ', count);
    const list = element('div', { class: 'tiles', role: 'presentation' });
    const made = element('div', { class: 'group', role: 'group', 'aria-label': title }, heading, list);
    const section: Section = { key, element: made, list, count, tiles: [] };
    const next = [...this.#sections.values()]
      .filter((other) => compareNames(other.key, key) > 0)
      .toSorted((one, other) => compareNames(one.key, other.key))[0];
    this.#box.insertBefore(made, next?.element ?? null);
    this.#sections.set(key, section);
    return section;
  }
}

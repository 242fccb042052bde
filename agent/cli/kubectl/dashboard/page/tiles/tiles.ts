// The tiles: a list box with one option a node. One message changes only the tiles that it names.

import type { NodeTile } from '../../messages.ts';
import { setAttribute } from '../dom.ts';
import type { Grouping } from '../model/groups.ts';
import { nextIndex, type Spot } from '../model/keys.ts';
import { Sections } from './sections.ts';
import { createTile, drawTile, showTooltip, type Tile } from './tile.ts';

/** With more nodes than this a tile has no name, and with more than the second it is smaller. */
const MOST_NAMED = 150;
const MOST_LARGE = 1500;

const NOWHERE: Spot = { left: 0, top: 0 };

export class Tiles {
  readonly #box: HTMLElement;
  readonly #onSelect: (name: string) => void;
  readonly #sections: Sections;
  readonly #tiles = new Map<string, Tile>();
  #selected: string | undefined;
  /** The one tile that Tab reaches; the arrow keys move it. */
  #reachable: Tile | undefined;

  /** Puts the tiles into `box`, which has the role listbox; calls `onSelect` when a person chooses one. */
  constructor(box: HTMLElement, onSelect: (name: string) => void) {
    this.#box = box;
    this.#onSelect = onSelect;
    this.#sections = new Sections(box);
    box.addEventListener('click', ({ target }) => {
      const tile = this.#tileOf(target);
      if (tile !== undefined) onSelect(tile.name);
    });
    box.addEventListener('keydown', (event) => this.#onKey(event));
    box.addEventListener('pointerover', ({ target }) => {
      const tile = this.#tileOf(target);
      if (tile !== undefined) showTooltip(tile);
    });
  }

  /** Shows these nodes; `names` are those that may have changed, undefined: all. */
  show(nodes: ReadonlyMap<string, NodeTile>, names: Iterable<string> | undefined): void {
    for (const name of names ?? new Set([...this.#tiles.keys(), ...nodes.keys()])) {
      const node = nodes.get(name);
      if (node === undefined) this.#remove(name);
      else this.#put(node);
    }
    this.#finish(nodes.size);
  }

  groupBy(grouping: Grouping): void {
    this.#sections.regroup(grouping, this.#tiles.values());
    this.#finish(this.#tiles.size);
  }

  /** Marks this node's tile as selected and scrolls to it; undefined: none. */
  select(name: string | undefined): void {
    const [before, next] = [this.#selected, name].map((one) =>
      one === undefined ? undefined : this.#tiles.get(one),
    );
    before?.element.setAttribute('aria-selected', 'false');
    next?.element.setAttribute('aria-selected', 'true');
    this.#selected = name;
    if (next === undefined) return;
    this.#reach(next);
    next.element.scrollIntoView({ block: 'nearest' });
  }

  /** Moves the focus to this node's tile; where it is gone, to the tile that Tab reaches. */
  focus(name: string): void {
    (this.#tiles.get(name) ?? this.#reachable)?.element.focus();
  }

  #put(node: NodeTile): void {
    const tile = this.#tiles.get(node.name) ?? createTile(node, node.name === this.#selected);
    this.#tiles.set(node.name, tile);
    drawTile(tile, node);
    this.#sections.place(tile);
  }

  #remove(name: string): void {
    const tile = this.#tiles.get(name);
    if (tile === undefined) return;
    const heir =
      document.activeElement === tile.element
        ? (this.#next(tile, 'ArrowRight') ?? this.#next(tile, 'ArrowLeft'))
        : undefined;
    this.#sections.remove(tile);
    this.#tiles.delete(name);
    if (this.#reachable === tile) this.#reachable = undefined;
    if (heir === undefined) return;
    this.#reach(heir);
    heir.element.focus({ preventScroll: true });
  }

  /** Counts, sizes, and the tile that Tab reaches. */
  #finish(nodes: number): void {
    this.#sections.finish();
    const size = nodes <= MOST_NAMED ? 'named' : nodes <= MOST_LARGE ? 'large' : 'small';
    setAttribute(this.#box, 'data-size', size);
    const start = this.#reachable ?? this.#tileOf(this.#box.querySelector('[role=option]'));
    if (start !== undefined) this.#reach(start);
  }

  #reach(tile: Tile): void {
    if (this.#reachable !== undefined && this.#reachable !== tile) this.#reachable.element.tabIndex = -1;
    this.#reachable = tile;
    if (tile.element.tabIndex !== 0) tile.element.tabIndex = 0;
  }

  #onKey(event: KeyboardEvent): void {
    const tile = this.#tileOf(event.target);
    // With these keys the browser does something of its own: Alt and the left arrow go back.
    if (tile === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#onSelect(tile.name);
      return;
    }
    const next = this.#next(tile, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.#reach(next);
    next.element.focus();
  }

  /** The tile to which this key leads. */
  #next(tile: Tile, key: string): Tile | undefined {
    const all = [...this.#box.querySelectorAll<HTMLElement>('[role=option]')];
    const spotAt = (index: number): Spot => all[index]?.getBoundingClientRect() ?? NOWHERE;
    const to = nextIndex(key, all.indexOf(tile.element), all.length, spotAt);
    return to === undefined ? undefined : this.#tileOf(all[to] ?? null);
  }

  #tileOf(target: EventTarget | null): Tile | undefined {
    const option = target instanceof Element ? target.closest('[role=option]') : null;
    return option instanceof HTMLElement ? this.#tiles.get(option.dataset['name'] ?? '') : undefined;
  }
}

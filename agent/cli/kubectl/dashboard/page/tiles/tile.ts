// One tile: an option of the list box.

import type { NodeTile } from '../../messages.ts';
import { element, setAttribute } from '../dom.ts';
import { tileText } from '../model/words.ts';

export interface Tile {
  readonly name: string;
  readonly element: HTMLElement;
  seen: NodeTile;
  /** The key of its group; empty: it is in none. */
  group: string;
}

/** Returns a tile that is in no group yet and shows nothing yet but its name. */
export function createTile(seen: NodeTile, isSelected: boolean): Tile {
  const option = element(
    'div',
    {
      class: 'tile',
      role: 'option',
      tabindex: '-1',
      'aria-selected': String(isSelected),
      'data-name': seen.name,
    },
    element('span', { class: 'name', 'aria-hidden': 'true' }, seen.name),
  );
  return { name: seen.name, element: option, seen, group: '' };
}

/** Shows the node as it is now. */
export function drawTile(tile: Tile, seen: NodeTile): void {
  tile.seen = seen;
  setAttribute(tile.element, 'data-standing', seen.standing);
  setAttribute(tile.element, 'aria-label', tileText(seen));
  tile.element.toggleAttribute('data-paused', seen.paused);
  // `showTooltip` sets it again when the pointer comes back.
  tile.element.removeAttribute('title');
}

export function showTooltip(tile: Tile): void {
  setAttribute(tile.element, 'title', tileText(tile.seen));
}

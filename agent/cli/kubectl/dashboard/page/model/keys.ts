// Where the arrow keys lead among the tiles. No DOM.

/** A tile's place on the screen. */
export interface Spot {
  readonly left: number;
  readonly top: number;
}

/**
 * Returns the index of the tile to which this key leads; undefined: the key leads nowhere. `spotAt` is called for the tiles of
 * the own line and of the next one alone, since reading a place is slow.
 */
export function nextIndex(
  key: string,
  from: number,
  length: number,
  spotAt: (index: number) => Spot,
): number | undefined {
  switch (key) {
    case 'ArrowRight':
      return from + 1 < length ? from + 1 : undefined;
    case 'ArrowLeft':
      return from > 0 ? from - 1 : undefined;
    case 'Home':
      return length > 0 ? 0 : undefined;
    case 'End':
      return length > 0 ? length - 1 : undefined;
    case 'ArrowDown':
      return inNextLine(from, length, 1, spotAt);
    case 'ArrowUp':
      return inNextLine(from, length, -1, spotAt);
    default:
      return undefined;
  }
}

/** The tile of the next line whose left edge is nearest. */
function inNextLine(
  from: number,
  length: number,
  step: 1 | -1,
  spotAt: (index: number) => Spot,
): number | undefined {
  const start = spotAt(from);
  let line: number | undefined;
  let best: { readonly index: number; readonly distance: number } | undefined;
  for (let index = from + step; index >= 0 && index < length; index += step) {
    const { left, top } = spotAt(index);
    if (top === start.top) continue;
    line ??= top;
    if (top !== line) break;
    const distance = Math.abs(left - start.left);
    if (best === undefined || distance < best.distance) best = { index, distance };
  }
  return best?.index;
}

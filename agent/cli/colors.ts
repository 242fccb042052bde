// Colours for a person at a terminal, and for nobody else.

import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours when the stream is a terminal that shows them and NO_COLOR is not set; otherwise none. */
export function colorsFor(stream: { readonly isTTY?: boolean }): Colors {
  // Without a terminal isTTY is undefined, for which createColors would take its own guess: colours in CI.
  return picocolors.createColors(stream.isTTY === true && picocolors.isColorSupported);
}

// Colours for terminals alone.

import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Returns colours when the stream is a terminal that shows them and NO_COLOR is not set; otherwise no colours. */
export function colorsFor(stream: { readonly isTTY?: boolean }): Colors {
  // Without a terminal isTTY is undefined; with undefined createColors would guess, and colour the output in CI.
  return picocolors.createColors(stream.isTTY === true && picocolors.isColorSupported);
}

// How much a report holds at most; its README and the command's help state it.

const KiB = 1024;

/** In bytes before compression, and in numbers of things. */
export const LIMITS = {
  totalBytes: 32 * KiB * KiB,
  nodesBytes: 12 * KiB * KiB,
  events: 1000,
  logs: 40,
  logBytes: 256 * KiB,
} as const;

/** Returns the first items whose JSON lines fit, one a line, and how many are left out. */
export function boundedLines(
  items: readonly unknown[],
  mostBytes: number,
): { readonly text: string; readonly leftOut: number } {
  const lines: string[] = [];
  let bytes = 0;
  for (const item of items) {
    const line = `${JSON.stringify(item)}\n`;
    bytes += Buffer.byteLength(line);
    if (bytes > mostBytes) break;
    lines.push(line);
  }
  return { text: lines.join(''), leftOut: items.length - lines.length };
}

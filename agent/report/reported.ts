// What a node said of its lists in its annotations, read back.

import { KEYS } from '../names.ts';

/** A node's lists as its agent reported them last; long ones were cut there. */
export interface ReportedLists {
  readonly running: readonly string[];
  /** What the next start of the kubelet would allow. */
  readonly configured: readonly string[];
  /** Configured by somebody else, and where. */
  readonly unmanaged: readonly { readonly pattern: string; readonly origin: string }[];
}

/** undefined: the node does not say what its kubelet runs with. */
export function reportedLists(annotations: Readonly<Record<string, string>>): ReportedLists | undefined {
  const text = annotations[KEYS.running];
  if (text === undefined) return undefined;
  const running = text.split(',').filter(isWhole);
  const drift = driftParts(annotations[KEYS.drift] ?? '');
  const pending = (drift.get('pending restart') ?? '').split(', ');
  const marked = (mark: string): readonly string[] =>
    pending.filter((item) => item.startsWith(mark) && isWhole(item)).map((item) => item.slice(1));
  const leaves = new Set(marked('-'));
  return {
    running,
    configured: [...new Set([...running.filter((item) => !leaves.has(item)), ...marked('+')])],
    unmanaged: [...(drift.get('unmanaged') ?? '').matchAll(/(?:^|, )(\S+) \(([^)]*)\)/gu)].map(
      ([, pattern = '', origin = '']) => ({ pattern, origin }),
    ),
  };
}

/** `missing: …; unmanaged: …; pending restart: …` by its titles; mirrors driftText in annotations.ts. */
function driftParts(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/(?:^|; )(?=(?:missing|unmanaged|pending restart): )/u);
  return new Map(
    parts
      .map((part) => /^([^:]+): (.*)$/su.exec(part))
      .filter((found) => found !== null)
      .map(([, title = '', items = '']) => [title, items]),
  );
}

/** Neither empty nor the end of a text that was cut. */
function isWhole(item: string): boolean {
  return item !== '' && !item.endsWith('…');
}

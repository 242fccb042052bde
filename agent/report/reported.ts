// Parses the lists that a node's agent reported in its annotations.

import { KEYS } from '../names.ts';

/** A node's lists as last reported by its agent, without what was cut from long ones. */
export interface ReportedLists {
  readonly running: readonly string[];
  /** What the next start of the kubelet would allow. */
  readonly configured: readonly string[];
  /** Configured by another party, and where. */
  readonly unmanaged: readonly { readonly pattern: string; readonly origin: string }[];
}

/** Returns the reported lists; undefined when the running list is not reported. */
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

const NO_DRIFT: readonly string[] = [];

/** Returns the kinds of drift that a node's agent reported: missing, unmanaged, pending restart. */
export function driftKinds(drift: string | undefined): readonly string[] {
  return drift === undefined ? NO_DRIFT : [...driftParts(drift).keys()];
}

/** Splits `missing: …; unmanaged: …; pending restart: …` by its titles; the reverse of driftText in annotations.ts. */
function driftParts(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/(?:^|; )(?=(?:missing|unmanaged|pending restart): )/u);
  return new Map(
    parts
      .map((part) => /^([^:]+): (.*)$/su.exec(part))
      .filter((found) => found !== null)
      .map(([, title = '', items = '']) => [title, items]),
  );
}

/** True unless the item is empty or was cut. */
function isWhole(item: string): boolean {
  return item !== '' && !item.endsWith('…');
}

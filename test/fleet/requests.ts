// Our requests, counted in the API server's own audit log.

import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isObject, objectAt, textAt, type JsonObject } from '../../agent/cluster/fields.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../tutorial/names.ts';

export interface Window {
  readonly from: Date;
  readonly to: Date;
}

export interface Requests {
  readonly agents: number;
  readonly coordinator: number;
  /** The same by who, verb and resource: `agent patch nodes`. */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface RequestCounter {
  /** One line of the log; a watch's beginning and end are two lines and one request. */
  add(line: string): void;
  /** What was received in each window, in the order of the windows. */
  counted(): readonly Requests[];
}

const OURS = `system:serviceaccount:${AGENT_NAMESPACE}:`;

export function requestCounter(windows: readonly Window[]): RequestCounter {
  const known = new Set<string>();
  const kinds = windows.map(() => new Map<string, number>());
  return {
    add(line) {
      if (!line.includes(OURS)) return;
      const event = parsed(line);
      const user = textAt(objectAt(event, 'user'), 'username') ?? '';
      const id = textAt(event, 'auditID') ?? '';
      const received = new Date(textAt(event, 'requestReceivedTimestamp') ?? '');
      const at = windows.findIndex(({ from, to }) => received >= from && received < to);
      const counts = kinds[at];
      if (counts === undefined || !user.startsWith(OURS) || known.has(id)) return;
      known.add(id);
      const who = user === `${OURS}${AGENT_DAEMON_SET}` ? AGENT : COORDINATOR;
      const { resource = '', subresource } = namesIn(objectAt(event, 'objectRef'));
      const what = subresource === undefined ? resource : `${resource}/${subresource}`;
      const kind = `${who} ${textAt(event, 'verb') ?? ''} ${what}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    counted: () =>
      kinds.map((counts) => ({
        agents: total(counts, AGENT),
        coordinator: total(counts, COORDINATOR),
        kinds: Object.fromEntries([...counts].toSorted(([one], [other]) => one.localeCompare(other))),
      })),
  };
}

/** Reads the log of the bed in this folder, and the parts of it that the API server has put aside. */
export async function countRequests(
  bedFolder: string,
  windows: readonly Window[],
): Promise<readonly Requests[]> {
  const folder = join(bedFolder, 'log');
  const files = (await readdir(folder)).filter((name) => /^audit.*\.log$/u.test(name));
  const counter = requestCounter(windows);
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      counter.add(line);
    }
  }
  return counter.counted();
}

const AGENT = 'agent';
const COORDINATOR = 'coordinator';

function total(counts: ReadonlyMap<string, number>, who: string): number {
  return [...counts].reduce((sum, [kind, count]) => sum + (kind.startsWith(`${who} `) ? count : 0), 0);
}

function namesIn(reference: JsonObject): {
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
} {
  return { resource: textAt(reference, 'resource'), subresource: textAt(reference, 'subresource') };
}

/** The last line may be half written. */
function parsed(line: string): JsonObject {
  try {
    const event: unknown = JSON.parse(line);
    return isObject(event) ? event : {};
  } catch {
    return {};
  }
}

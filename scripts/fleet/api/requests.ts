// Counts our requests in the API server's audit log.

import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { requestIn } from '../../bed/control-plane/audit-log.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE } from '../../kubernetes/names.ts';

export interface Window {
  readonly from: Date;
  readonly to: Date;
}

export interface Requests {
  readonly agents: number;
  readonly coordinator: number;
  /** How many of all were refused for now (429 Too Many Requests). */
  readonly refused: number;
  /** Counts by client, verb and resource: `agent patch nodes`. */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface RequestCounter {
  /** Adds one line of the log; the start and the end of a watch are two lines and one request. */
  add(line: string): void;
  /** Returns the requests received in each window, in the order of the windows. */
  counted(): readonly Requests[];
}

const TOO_MANY_REQUESTS = 429;
const OURS = `system:serviceaccount:${AGENT_NAMESPACE}:`;

export function requestCounter(windows: readonly Window[]): RequestCounter {
  const known = new Set<string>();
  const kinds = windows.map(() => new Map<string, number>());
  const refused = windows.map(() => 0);
  return {
    add(line) {
      if (!line.includes(OURS)) return;
      const request = requestIn(line);
      if (request === undefined || !request.user.startsWith(OURS) || known.has(request.id)) return;
      const { id, at, user, verb, resource, code } = request;
      const window = windows.findIndex(({ from, to }) => at >= from.getTime() && at < to.getTime());
      const counts = kinds[window];
      if (counts === undefined) return;
      if (code === TOO_MANY_REQUESTS) refused[window] = (refused[window] ?? 0) + 1;
      known.add(id);
      const who = user === `${OURS}${AGENT_DAEMON_SET}` ? AGENT : COORDINATOR;
      const kind = `${who} ${verb} ${resource}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    counted: () =>
      kinds.map((counts, window) => ({
        agents: total(counts, AGENT),
        coordinator: total(counts, COORDINATOR),
        refused: refused[window] ?? 0,
        kinds: Object.fromEntries([...counts].toSorted(([one], [other]) => one.localeCompare(other))),
      })),
  };
}

/** Reads the audit log of the bed in this folder, including its rotated parts. */
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

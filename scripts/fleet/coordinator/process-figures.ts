// The memory and CPU of one process, from /proc.

import { readFile } from 'node:fs/promises';
import { numberAfter } from '../../bench/measure/container.ts';

export interface Usage {
  readonly residentBytes: number;
  /** Peak resident memory. */
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

export async function usageOf(pid: number): Promise<Usage> {
  const [status, stat] = await Promise.all(
    ['status', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
  );
  // The second field is a name in brackets with anything in it.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  const [user, system] = [fields[11], fields[12]].map(Number);
  return {
    residentBytes: numberAfter(status ?? '', 'VmRSS:') * 1024,
    peakBytes: numberAfter(status ?? '', 'VmHWM:') * 1024,
    cpuSeconds: ((user ?? 0) + (system ?? 0)) / TICKS_A_SECOND,
  };
}

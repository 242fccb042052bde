// Prometheus and promtool: the machine's own, or out of Debian's package, which is unpacked and not installed: no service starts.

import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { onPath, tool } from './tool.ts';
import { workFolder } from '../util/work-folder.ts';
import type { Log } from '../util/progress.ts';

export interface Prometheus {
  /** The paths of the programs. */
  readonly prometheus: string;
  readonly promtool: string;
}

const PROGRAMS = ['prometheus', 'promtool'] as const;

/** Returns why there is no Prometheus on this machine, for a skipped test; undefined when there is one. */
export function whyNoPrometheus(): string | undefined {
  if (PROGRAMS.every((name) => onPath(name) !== undefined)) return undefined;
  const missing = ['apt-get', 'dpkg-deb'].filter((name) => onPath(name) === undefined);
  return missing.length === 0
    ? undefined
    : `Expected prometheus and promtool on the PATH, or ${missing.join(' and ')} to fetch Debian's package of them.`;
}

/** Returns the programs; throws a ToolError when Debian's package cannot be fetched. */
export async function prometheusPrograms(log: Log): Promise<Prometheus> {
  const [prometheus, promtool] = PROGRAMS.map((name) => onPath(name));
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  const folder = await cached('prometheus', ['debian 1', process.arch, await candidate()], unpack, log);
  return { prometheus: join(folder, 'prometheus'), promtool: join(folder, 'promtool') };
}

/** Returns the version that apt-get would download. */
async function candidate(): Promise<string> {
  const policy = await tool(['apt-cache', 'policy', 'prometheus']);
  return /Candidate: (?<version>\S+)/u.exec(policy)?.groups?.['version'] ?? '';
}

async function unpack(out: string, note: (text: string) => void): Promise<void> {
  await using work = await workFolder(out);
  note('downloading');
  await download(work.path, note);
  const [archive = ''] = (await readdir(work.path)).filter((name) => name.endsWith('.deb'));
  const root = join(work.path, 'root');
  await mkdir(root);
  await tool(['dpkg-deb', '--extract', join(work.path, archive), root]);
  for (const name of PROGRAMS) await rename(join(root, 'usr/bin', name), join(out, name));
}

async function download(cwd: string, note: (text: string) => void): Promise<void> {
  try {
    await tool(['apt-get', '--quiet', 'download', 'prometheus'], { cwd, onLine: note });
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    note('apt-get update: the package lists may be outdated');
    await tool(['apt-get', '--quiet', 'update'], { onLine: note });
    await tool(['apt-get', '--quiet', 'download', 'prometheus'], { cwd, onLine: note });
  }
}

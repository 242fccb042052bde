// The files of a unit on the disk, in the order in which systemd reads them.

import { basename, dirname } from 'node:path';
import { NULL_DEVICE } from '../../kubelet/unit.ts';
import { settleAll } from '../../time/settle.ts';
import { NotRegularFileError } from '../not-regular.ts';
import type { HostFiles, UnitStatus } from '../ports.ts';

export interface UnitText {
  readonly path: string;
  /** Empty: a link to the null device masks the file. */
  readonly text: string;
}

export interface UnitTexts {
  /** undefined: there is no unit file. */
  readonly fragment: UnitText | undefined;
  readonly dropIns: readonly UnitText[];
}

/** The folders of units, the strongest first (systemd src/basic/path-lookup.c, lookup_paths_init). */
const FOLDERS = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/run/systemd/system',
  '/run/systemd/system.attached',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
];

/**
 * Reads the unit file, then its drop-ins by name; of two with one name the stronger folder's counts. `loaded` names the places of a unit
 * that systemd knows.
 */
export async function readUnitTexts(
  files: HostFiles,
  { name, fragmentPath, dropInPaths }: Pick<UnitStatus, 'name' | 'fragmentPath' | 'dropInPaths'>,
): Promise<UnitTexts> {
  const named = [name, 'service', ...dropInPaths.map((path) => basename(dirname(path)).replace(/\.d$/u, ''))];
  const patterns = [...new Set(named)].flatMap((of) => FOLDERS.map((folder) => `${folder}/${of}.d/*.conf`));
  const dropIns = new Map<string, string>();
  for (const path of (await settleAll(patterns.map((pattern) => files.glob(pattern)))).flat()) {
    if (!dropIns.has(basename(path))) {
      dropIns.set(basename(path), path);
    }
  }
  const places = [
    ...FOLDERS.map((folder) => `${folder}/${name}`),
    ...(fragmentPath === '' ? [] : [fragmentPath]),
  ];
  const fragments = await settleAll(places.map((path) => read(files, path)));
  const ordered = [...dropIns].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const texts = await settleAll(ordered.map(([, path]) => read(files, path)));
  return {
    fragment: fragments.find((found) => found !== undefined),
    dropIns: ordered.map(([, path], index) => texts[index] ?? { path, text: '' }),
  };
}

/** Returns the texts as `parseUnitFiles` takes them. */
export function textsOf({ fragment, dropIns }: UnitTexts): readonly string[] {
  return [fragment?.text ?? '', ...dropIns.map(({ text }) => text)];
}

async function read(files: HostFiles, path: string): Promise<UnitText | undefined> {
  try {
    const content = await files.read(path);
    if (content !== undefined) return { path, text: Buffer.from(content).toString() };
    // An image that is being built has links to a null device that is not there.
    return (await files.realPath(path)) === NULL_DEVICE ? { path, text: '' } : undefined;
  } catch (error) {
    if (error instanceof NotRegularFileError) {
      return { path, text: '' };
    }
    throw error;
  }
}

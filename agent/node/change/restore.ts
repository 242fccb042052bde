// Takes a change out of the files of the kubelet that hold it.

import { revertDropIn } from '../../kubelet/drop-in.ts';
import { EXTRA_ARGS } from '../../kubelet/unit.ts';
import { revertAllowances } from '../../plan/revert.ts';
import { withoutOurs } from '../../plan/revert-words.ts';
import { settleAll } from '../../time/settle.ts';
import { sha256Of } from '../../text/hash.ts';
import { ChangedFileError } from '../changed-file.ts';
import { readEntry } from '../observe/files.ts';
import type { HostFiles, Systemd, WriteOptions } from '../ports.ts';
import type { Journal } from '../state/journal.ts';

export interface RestorePorts {
  readonly files: HostFiles;
  readonly systemd: Systemd;
}

/** A file that holds a part of the change. */
interface Held {
  readonly path: string;
  readonly found: Uint8Array | undefined;
  /** The file without the change; undefined: no file. */
  readonly wanted: Uint8Array | undefined;
}

/** Tries to restore a file while another party writes it between our read and our write. */
const TRIES = 5;

/**
 * Restores the exact old bytes when the file still holds ours; else removes only our allowances and keeps what another party
 * wrote, also from the kubelet's other environment files, where another party may have moved them. Returns the paths of the files
 * that it wrote. Throws when one could not be written.
 */
export async function restore(ports: RestorePorts, journal: Journal): Promise<readonly string[]> {
  const written = new Set<string>();
  for (let tries = TRIES; ; tries -= 1) {
    try {
      for (const { path, found, wanted } of await heldIn(ports, journal)) {
        const expected = { content: found };
        await (wanted === undefined
          ? ports.files.remove(path, { expected })
          : ports.files.writeAtomic(path, wanted, { expected, ...writeOptions(journal) }));
        written.add(path);
      }
      return [...written];
    } catch (error) {
      if (!(error instanceof ChangedFileError) || tries === 1) {
        throw error;
      }
    }
  }
}

/** The folder of --config-dir is never created: whether it exists decides whether a kubelet starts. */
export function writeOptions({ variable }: Pick<Journal, 'variable'>): Pick<WriteOptions, 'needsFolder'> {
  return variable === null ? { needsFolder: true } : {};
}

/** True when a file holds any part of the change, also when another party has written it since. Throws as `restore`. */
export async function holdsChange(ports: RestorePorts, journal: Journal): Promise<boolean> {
  return (await heldIn(ports, journal)).length > 0;
}

async function heldIn({ files, systemd }: RestorePorts, journal: Journal): Promise<readonly Held[]> {
  const version = await systemd.version();
  const found = await files.read(journal.file);
  const main = { path: journal.file, found, wanted: withoutChange(journal, found, version) };
  const others = await otherFiles({ files, systemd }, journal);
  const moved = others.map((file) => ({ ...file, wanted: withoutMoved(journal, file, version) }));
  return [main, ...moved].filter((file) => sha256Of(file.found) !== sha256Of(file.wanted));
}

function withoutChange(
  { file, variable, before, after, flag, lastApplied, past }: Journal,
  found: Uint8Array | undefined,
  systemdVersion: number,
): Uint8Array | undefined {
  const hash = sha256Of(found);
  if (hash === after || hash === sha256Of(before)) {
    return before;
  }
  const applied = [...lastApplied.ours, ...lastApplied.folded];
  if (variable === null) {
    return found && revertDropIn({ path: file, found, before, applied, configuredAfter: past.to });
  }
  // A removed file holds no part of the change.
  return (
    found &&
    revertAllowances({
      path: file,
      ...(variable !== undefined && { variable }),
      found,
      before,
      applied,
      configuredAfter: past.to,
      flag,
      systemdVersion,
    })
  );
}

interface OtherFile {
  readonly path: string;
  readonly found: Uint8Array | undefined;
  readonly before: Uint8Array | undefined;
}

/** The other environment files of the unit that were written since the change began. A journal of an older agent does not know them. */
async function otherFiles(
  { files, systemd }: RestorePorts,
  { unit, file, variable, others }: Journal,
): Promise<readonly OtherFile[]> {
  if (others === undefined || variable === null) {
    return [];
  }
  const { environmentFiles } = await systemd.status(unit);
  const entries = await settleAll(environmentFiles.map((entry) => readEntry(files, entry)));
  return entries
    .flat()
    .filter((entry) => entry.file.path !== file)
    .map((entry) => {
      const old = others.find(({ path }) => path === entry.file.path)?.bytes ?? null;
      return {
        path: entry.file.path,
        found: entry.file.content,
        before: old === null ? undefined : Buffer.from(old, 'base64'),
      };
    })
    .filter(({ found, before }) => sha256Of(found) !== sha256Of(before));
}

function withoutMoved(
  { flag, lastApplied, variable }: Journal,
  { found, before }: OtherFile,
  systemdVersion: number,
): Uint8Array | undefined {
  const applied = [...lastApplied.ours, ...lastApplied.folded];
  const ours = { before, applied, word: flag.after, variable: variable ?? EXTRA_ARGS, systemdVersion };
  return found && withoutOurs(found, ours);
}

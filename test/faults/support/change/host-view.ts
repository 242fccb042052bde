// A node's files as they are this very moment: synchronous, since a step of a change may last a millisecond.

import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { asContainer, type BedNode } from '../../../../scripts/bed/bed.ts';
import { JOURNAL_FILE, TAKEN_FILE, UNDONE_FILES } from '../../../../agent/node/state/state-store.ts';
import { TEMPORARY_MARK } from '../../../../agent/host/files/temporary.ts';
import { BOOT_UNIT, BOOT_UNIT_FILE, UNITS_FOLDER } from '../../../../agent/host/rollback/rollback-script.ts';
import { STATE_DIR, UNDO_UNIT } from '../../../../agent/names.ts';

export const PATHS = {
  folder: STATE_DIR,
  journal: JOURNAL_FILE,
  taken: TAKEN_FILE,
  undone: UNDONE_FILES,
  state: `${STATE_DIR}/state.json`,
  script: `${STATE_DIR}/undo`,
  units: UNITS_FOLDER,
  bootUnit: BOOT_UNIT_FILE,
  bootLink: `${UNITS_FOLDER}/kubelet.service.wants/${BOOT_UNIT}`,
  transient: '/run/systemd/transient',
  timer: `/run/systemd/transient/${UNDO_UNIT}.timer`,
  undoService: `${UNDO_UNIT}.service`,
  invocation: '/run/systemd/units/invocation:kubelet.service',
} as const;

const LISTENING = '0A';
/** 127.0.0.1:10248 as the kernel prints it. */
const HEALTHZ = '0100007F:2808';

export interface HostView {
  exists(path: string): boolean;
  /** True while a new file is being made ready that is to take this one's place. */
  isBeingWritten(path: string): boolean;
  /** undefined: no such file. */
  bytes(path: string): Buffer | undefined;
  /** Differs after every replacement of the file. */
  version(path: string): string | undefined;
  link(path: string): string | undefined;
  /** True while a process listens on the kubelet's healthz port. */
  listens(): boolean;
}

/** As long as the node is up. */
export function hostView(node: BedNode): HostView {
  const { leader } = asContainer(node);
  const root = `/proc/${leader}/root`;
  return {
    // Not what a link leads to: an absolute one would lead into this machine.
    exists: (path) => ifThere(() => lstatSync(root + path)) !== undefined,
    isBeingWritten: (path) =>
      (ifThere(() => readdirSync(root + dirname(path))) ?? []).some((name) =>
        name.startsWith(`.${basename(path)}${TEMPORARY_MARK}`),
      ),
    bytes: (path) => ifThere(() => readFileSync(root + path)),
    version: (path) =>
      ifThere(() => {
        const { ino, mtimeNs } = statSync(root + path, { bigint: true });
        return `${ino} ${mtimeNs}`;
      }),
    link: (path) => ifThere(() => readlinkSync(root + path)),
    listens: () =>
      (ifThere(() => readFileSync(`/proc/${leader}/net/tcp`, 'latin1')) ?? '')
        .split('\n')
        .some((line) => line.includes(HEALTHZ) && line.trim().split(/\s+/u)[3] === LISTENING),
  };
}

function ifThere<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

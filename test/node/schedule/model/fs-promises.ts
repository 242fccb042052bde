// node:fs/promises over a modelled disk, so that agent/host/files/files.ts itself runs in a schedule: each system call is one
// step, before which any other step may run.

import { posix } from 'node:path';
import { type Disk, type DiskNode, errno } from './disk.ts';

/** One agent's view of a disk. */
export interface Mount {
  readonly disk: Disk;
  /** Runs `effect` as one step. */
  readonly step: <T>(call: MountCall, effect: () => T) => Promise<T>;
  /** Runs `effect` at once: no other step comes before it. */
  readonly now: <T>(call: MountCall, effect: () => T) => T;
}

export interface MountCall {
  readonly name: string;
  readonly path: string;
  readonly isWrite: boolean;
}

const PREFIX = '/schedule-mount-';

/** The whole test file shares one mocked module; the root of a path selects the disk. */
export class MountTable {
  readonly #mounts = new Map<string, Mount>();
  #made = 0;

  /** The root of the mount's paths. */
  add(mount: Mount): string {
    this.#made += 1;
    const root = `${PREFIX}${this.#made}`;
    this.#mounts.set(root, mount);
    return root;
  }

  remove(root: string): void {
    this.#mounts.delete(root);
  }

  /** Throws for a path that is below no mount: no test may reach this machine's own files. */
  find(path: string): { readonly mount: Mount; readonly root: string; readonly path: string } {
    const end = path.indexOf('/', PREFIX.length);
    const root = end === -1 ? path : path.slice(0, end);
    const mount = this.#mounts.get(root);
    if (mount === undefined) {
      throw new Error(`Expected ${path} to be below the root of a schedule`);
    }
    return { mount, root, path: path.slice(root.length) || '/' };
  }
}

export const mounts = new MountTable();

/** Returns replacements for the functions of the module that agent/host/files/files.ts and its helpers use. */
export function modelledFs(): Record<string, unknown> {
  return {
    lstat: (path: string) => stepAt('lstat', path, false, (disk, own) => statsOf(disk, disk.existing(own))),
    stat: (path: string) => stepAt('stat', path, false, (disk, own) => statsOf(disk, disk.existing(own))),
    readlink: (path: string) => stepAt('readlink', path, false, (disk, own) => readLink(disk, own)),
    readdir: (path: string, options?: { withFileTypes?: boolean }) =>
      stepAt('readdir', path, false, (disk, own) => {
        disk.existing(own);
        return disk
          .names(own)
          .map((name) =>
            options?.withFileTypes === true
              ? { name, parentPath: path, ...statsOf(disk, disk.existing(posix.join(own, name))) }
              : name,
          );
      }),
    readFile: (path: string) => stepAt('read', path, false, (disk, own) => readAll(disk.existing(own), own)),
    mkdir: (path: string) => stepAt('mkdir', path, true, (disk, own) => disk.makeFolders(own)),
    rm: (path: string, options?: { force?: boolean; recursive?: boolean }) =>
      stepAt('rm', path, true, (disk, own) => {
        if (options?.recursive === true) {
          disk.removeTree(own);
        } else if (options?.force !== true || disk.node(own) !== undefined) {
          disk.unlink(own);
        }
      }),
    rmdir: (path: string) => stepAt('rmdir', path, true, (disk, own) => disk.removeFolder(own)),
    symlink: (target: string, path: string) =>
      stepAt('symlink', path, true, (disk, own) => disk.create(own, { kind: 'link', target })),
    open: (path: string, flags: number | string) => openFile(path, flags),
    glob: (pattern: string) => globbed(pattern),
  };
}

/** Returns replacements for the functions of node:fs that agent/host/files/files.ts uses: no other step runs between two of them. */
export function modelledFsSync(): Record<string, unknown> {
  return {
    lstatSync: (path: string) => {
      const { mount, path: own } = mounts.find(path);
      const node = mount.disk.node(own);
      return node && mount.disk.versionOf(node);
    },
    renameSync: (from: string, to: string) =>
      writeNow('rename', to, (disk, own) => disk.rename(mounts.find(from).path, own)),
    unlinkSync: (path: string) => writeNow('unlink', path, (disk, own) => disk.unlink(own)),
  };
}

function writeNow(name: string, path: string, effect: (disk: Disk, own: string) => void): void {
  const { mount, path: own } = mounts.find(path);
  mount.now({ name, path: own, isWrite: true }, () => effect(mount.disk, own));
}

/** coreutils' cp --attributes-only: the modelled disk has no attributes. */
export function modelledExeca(_file: string, args: readonly string[]): Promise<{ failed: boolean }> {
  return stepAt('cp', args.at(-1) ?? '', true, () => ({ failed: false }));
}

function stepAt<T>(
  name: string,
  path: string,
  isWrite: boolean,
  effect: (disk: Disk, own: string) => T,
): Promise<T> {
  const { mount, path: own } = mounts.find(path);
  return mount.step({ name, path: own, isWrite }, () => effect(mount.disk, own));
}

/** O_CREAT of Linux. */
const CREATE = 0o100;

async function openFile(path: string, flags: number | string): Promise<object> {
  const isNew = typeof flags === 'string' ? flags.includes('x') : (flags & CREATE) !== 0;
  const node = await stepAt('open', path, isNew, (disk, own) => {
    if (isNew) {
      const made: DiskNode = { kind: 'file', bytes: new Uint8Array(), mode: 0o600 };
      disk.create(own, made);
      return made;
    }
    return disk.existing(own);
  });
  const at = <T>(name: string, isWrite: boolean, effect: () => T): Promise<T> =>
    stepAt(name, path, isWrite, effect);
  return {
    stat: () => at('fstat', false, () => statsOf(mounts.find(path).mount.disk, node)),
    readFile: () => at('read', false, () => readAll(node, path)),
    writeFile: (bytes: Uint8Array) =>
      at('write', true, () => {
        if (node.kind === 'file') {
          node.bytes = Buffer.from(bytes);
        }
      }),
    chmod: (mode: number) =>
      at('chmod', true, () => {
        if (node.kind === 'file') {
          node.mode = mode;
        }
      }),
    sync: () => at('sync', isNew, () => {}),
    close: () => Promise.resolve(),
  };
}

async function* globbed(pattern: string): AsyncGenerator<string> {
  const { root, path: own } = mounts.find(pattern);
  const matcher = new RegExp(
    `^${own
      .replaceAll(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
    'u',
  );
  const found = await stepAt('glob', pattern, false, (disk) =>
    disk.paths().filter((path) => matcher.test(path)),
  );
  for (const path of found) {
    yield root + path;
  }
}

function readAll(node: DiskNode, path: string): Uint8Array {
  if (node.kind !== 'file') {
    throw errno('EISDIR', path);
  }
  return Buffer.from(node.bytes);
}

function readLink(disk: Disk, path: string): string {
  const node = disk.existing(path);
  if (node.kind !== 'link') {
    throw errno('EINVAL', path);
  }
  return node.target;
}

function statsOf(disk: Disk, node: DiskNode): object {
  const { kind } = node;
  return {
    isFile: () => kind === 'file',
    isDirectory: () => kind === 'folder',
    isSymbolicLink: () => kind === 'link',
    isFIFO: () => false,
    isSocket: () => false,
    isCharacterDevice: () => false,
    isBlockDevice: () => false,
    rdev: 0,
    mode: node.kind === 'file' ? node.mode : 0o755,
    size: node.kind === 'file' ? node.bytes.length : 0,
    mtimeMs: 0,
    ctime: disk.changedAt(node),
  };
}

// The host's file system in memory: files, folders and symbolic links, with the kernel's error codes.

import { posix } from 'node:path';

/** An inode: it outlives its name while it is open. */
export type DiskNode =
  | { readonly kind: 'file'; bytes: Uint8Array; mode: number }
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string };

/** Called when the content of `path` has changed, or when `path` was created or removed. */
export type OnChange = (path: string) => void;

export class Disk {
  readonly #nodes = new Map<string, DiskNode>([['/', { kind: 'folder' }]]);
  readonly #changedAt = new WeakMap<DiskNode, Date>();
  readonly #inodes = new WeakMap<DiskNode, bigint>();
  #lastInode = 0n;
  readonly #now: () => Date;
  readonly #listeners: OnChange[] = [];
  /** Every write below it fails, also the removal of a missing file. */
  readOnlyBelow: string | undefined;
  /** Nothing new can be created below it. */
  fullBelow: string | undefined;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The inode's ctime; the initial files are the oldest. */
  changedAt(node: DiskNode): Date {
    return this.#changedAt.get(node) ?? new Date(0);
  }

  /** What identifies the inode and its content; the times are in ns. */
  versionOf(node: DiskNode): Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint> {
    this.#lastInode += 1n;
    const ino = this.#inodes.get(node) ?? this.#lastInode;
    this.#inodes.set(node, ino);
    const ctimeNs = BigInt(this.changedAt(node).getTime()) * 1_000_000n;
    const size = BigInt(node.kind === 'file' ? node.bytes.length : 0);
    return { dev: 1n, ino, size, mtimeNs: ctimeNs, ctimeNs };
  }

  onChange(listener: OnChange): void {
    this.#listeners.push(listener);
  }

  /** The paths of all that is not a folder, in order. */
  paths(): readonly string[] {
    return [...this.#nodes]
      .filter(([, { kind }]) => kind !== 'folder')
      .map(([path]) => path)
      .toSorted();
  }

  /** undefined when nothing exists there. */
  node(path: string): DiskNode | undefined {
    return this.#nodes.get(path);
  }

  /** Throws ENOENT or ENOTDIR. */
  existing(path: string): DiskNode {
    const node = this.#nodes.get(path);
    if (node === undefined) {
      const parent = this.#nodes.get(posix.dirname(path));
      throw errno(parent !== undefined && parent.kind !== 'folder' ? 'ENOTDIR' : 'ENOENT', path);
    }
    return node;
  }

  /** The file's bytes; undefined when there is no such file. */
  bytes(path: string): Uint8Array | undefined {
    const node = this.#nodes.get(path);
    return node?.kind === 'file' ? node.bytes : undefined;
  }

  text(path: string): string | undefined {
    const bytes = this.bytes(path);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  }

  /** Writes as an editor does, its folders included. */
  put(path: string, text: string | Uint8Array): void {
    this.makeFolders(posix.dirname(path));
    this.#nodes.set(path, { kind: 'file', bytes: Buffer.from(text), mode: 0o644 });
    this.changed(path);
  }

  /** Throws EEXIST when the name exists, ENOENT without a folder. */
  create(path: string, node: DiskNode): void {
    this.expectRoom(path);
    this.#expectFolder(posix.dirname(path));
    if (this.#nodes.has(path)) {
      throw errno('EEXIST', path);
    }
    this.#nodes.set(path, node);
    this.changed(path);
  }

  makeFolders(path: string): void {
    if (this.#nodes.get(path)?.kind === 'folder') {
      return;
    }
    this.expectRoom(path);
    if (path !== '/') {
      this.makeFolders(posix.dirname(path));
    }
    this.#nodes.set(path, { kind: 'folder' });
  }

  /** Throws ENOENT when there is no `from`. */
  rename(from: string, to: string): void {
    this.expectWritable(to);
    const node = this.existing(from);
    this.#expectFolder(posix.dirname(to));
    this.#nodes.delete(from);
    this.#nodes.set(to, node);
    this.changed(from);
    this.changed(to);
  }

  /** Throws ENOENT, or EISDIR for a folder. */
  unlink(path: string): void {
    this.expectWritable(path);
    if (this.existing(path).kind === 'folder') {
      throw errno('EISDIR', path);
    }
    this.#nodes.delete(path);
    this.changed(path);
  }

  /** Throws ENOTEMPTY when it is not empty. */
  removeFolder(path: string): void {
    this.expectWritable(path);
    this.existing(path);
    if (this.names(path).length > 0) {
      throw errno('ENOTEMPTY', path);
    }
    this.#nodes.delete(path);
    this.changed(path);
  }

  /** Removes the path and everything below it, if it exists. */
  removeTree(path: string): void {
    for (const name of this.names(path)) {
      this.removeTree(posix.join(path, name));
    }
    if (this.#nodes.has(path)) {
      this.expectWritable(path);
      this.#nodes.delete(path);
      this.changed(path);
    }
  }

  /** The names in a folder, in order. */
  names(folder: string): readonly string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`;
    return [...this.#nodes.keys()]
      .filter((path) => path !== '/' && path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
      .map((path) => path.slice(prefix.length))
      .toSorted();
  }

  changed(path: string): void {
    for (const node of [this.#nodes.get(path), this.#nodes.get(posix.dirname(path))]) {
      if (node !== undefined) {
        this.#changedAt.set(node, this.#now());
      }
    }
    for (const listener of this.#listeners) {
      listener(path);
    }
  }

  /** Throws EROFS. */
  expectWritable(path: string): void {
    if (isBelow(path, this.readOnlyBelow)) {
      throw errno('EROFS', path);
    }
  }

  /** Throws EROFS or ENOSPC. */
  expectRoom(path: string): void {
    this.expectWritable(path);
    if (isBelow(path, this.fullBelow)) {
      throw errno('ENOSPC', path);
    }
  }

  #expectFolder(path: string): void {
    if (this.existing(path).kind !== 'folder') {
      throw errno('ENOTDIR', path);
    }
  }
}

function isBelow(path: string, folder: string | undefined): boolean {
  return folder !== undefined && path.startsWith(`${folder}/`);
}

/** An error as Node throws it for a system call. */
export function errno(code: string, path: string): Error {
  const limit = Error.stackTraceLimit;
  // A missing file is a frequent answer; its stack is not needed and slow to capture.
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${code}: ${path}`), { code });
  Error.stackTraceLimit = limit;
  return error;
}

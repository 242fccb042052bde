// Files of a node, by their paths on the node.

export interface NodeFiles {
  /** Returns the bytes; undefined when there is no such file. */
  read(path: string): Promise<Buffer | undefined>;
  /** Writes in place, as `echo >` does; creates missing folders. With `mode`, sets the permission bits. */
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Copies a file of this machine to the node; creates missing folders. */
  copyIn(from: string, path: string, mode?: number): Promise<void>;
  /** Removes a file, or a folder with all that is in it; does nothing when there is none. */
  remove(path: string): Promise<void>;
  /** Returns undefined when there is no such file. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** Returns the names in a folder, unordered; none when there is no such folder. */
  names(folder: string): Promise<readonly string[]>;
  /** Resolves with true as soon as the file exists, with false after the timeout. Checks every few milliseconds. */
  appears(path: string, timeoutMs: number): Promise<boolean>;
}

export interface FileFacts {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Inode and change time: they differ after every write, by rename or in place. */
  readonly inode: number;
  readonly modifiedNs: bigint;
}

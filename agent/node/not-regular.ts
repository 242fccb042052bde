// What stands where a file should be: reading it may block for ever, and replacing it breaks the host.

/** A path of the host that leads to a directory, a device, a FIFO or a socket. It was not opened. */
export class NotRegularFileError extends Error {
  override readonly name = 'NotRegularFileError';
  /** The path that was asked for, not what its links lead to. */
  readonly path: string;
  /** `a FIFO`. */
  readonly found: string;
  /** The null device: whoever reads it reads an empty file. */
  readonly readsAsEmpty: boolean;

  constructor(path: string, found: string, readsAsEmpty: boolean) {
    super(`Expected ${path} to be a regular file, got ${found}.`);
    this.path = path;
    this.found = found;
    this.readsAsEmpty = readsAsEmpty;
  }
}

// A path that is not a regular file: reading it may block forever, and replacing it breaks the host.

/** A path of the host that leads to a directory, a device, a FIFO or a socket. It was not opened. */
export class NotRegularFileError extends Error {
  override readonly name = 'NotRegularFileError';
  /** The path that was requested, not the target of its links. */
  readonly path: string;
  /** `a FIFO`. */
  readonly found: string;
  /** It is the null device, which reads as an empty file. */
  readonly readsAsEmpty: boolean;

  constructor(path: string, found: string, readsAsEmpty: boolean) {
    super(`Expected ${path} to be a regular file, got ${found}.`);
    this.path = path;
    this.found = found;
    this.readsAsEmpty = readsAsEmpty;
  }
}

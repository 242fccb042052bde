// What the operating system's errors mean to us.

/** True for the error of a file, folder or process that is not there. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') || hasCode(error, 'ESRCH');
}

/** True for the error of a file or folder that this process may not open. */
export function isEacces(error: unknown): boolean {
  return hasCode(error, 'EACCES');
}

/** True for the error of making what is there already. */
export function isThere(error: unknown): boolean {
  return hasCode(error, 'EEXIST');
}

/** True for the error of removing a folder that has something in it. */
export function isNotEmpty(error: unknown): boolean {
  return hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST');
}

/** True for the error of a file system that takes no writes. */
export function isReadOnly(error: unknown): boolean {
  return hasCode(error, 'EROFS');
}

/** True for an operating system error of this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

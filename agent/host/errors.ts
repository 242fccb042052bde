// Classifies operating system errors by their code.

/** True when a file, folder or process does not exist. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') || hasCode(error, 'ESRCH');
}

/** Resolves as `action` does; with undefined when it rejects because a file, folder or process does not exist. */
export async function unlessMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** True when this process lacks the permission for a file or folder. */
export function isEacces(error: unknown): boolean {
  return hasCode(error, 'EACCES');
}

/** True when what should be created exists already. */
export function isThere(error: unknown): boolean {
  return hasCode(error, 'EEXIST');
}

/** True when a folder to be removed is not empty. */
export function isNotEmpty(error: unknown): boolean {
  return hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST');
}

/** True when the file system is read-only. */
export function isReadOnly(error: unknown): boolean {
  return hasCode(error, 'EROFS');
}

/** True for an operating system error with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

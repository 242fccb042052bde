// A file of the host that another party wrote between the agent's observation and its write.

/** The file no longer has the content that the agent's bytes were made from. The agent did not change it. */
export class ChangedFileError extends Error {
  override readonly name = 'ChangedFileError';

  constructor(path: string) {
    super(`${path} was written by another party since the agent read it`);
  }
}

// Where a command writes.

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** The process's own, or those of a caller that wants to read what a command says. */
export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

// Where a command writes.

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** The process's own streams, or those of a caller that reads the output. */
export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

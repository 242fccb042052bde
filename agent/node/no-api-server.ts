// The error of a node that has no API server to ask.

/** Rejects a question that no API server will answer later either: the node has none. */
export class NoApiServerError extends Error {
  override readonly name = 'NoApiServerError';

  constructor() {
    super('this node has no API server to ask');
  }
}

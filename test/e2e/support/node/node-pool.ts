// Nodes that concurrent cases take one at a time.

export interface NodePool {
  /** Calls `work` with the name of a node that no other case uses now; waits for one. */
  use(work: (name: string) => Promise<void>): Promise<void>;
}

export function nodePool(names: readonly string[]): NodePool {
  const free = [...names];
  const waiting: ((name: string) => void)[] = [];
  const take = (): Promise<string> => {
    const name = free.shift();
    return name === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(name);
  };
  const give = (name: string): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(name);
    else next(name);
  };
  return {
    async use(work) {
      const name = await take();
      try {
        await work(name);
      } finally {
        give(name);
      }
    },
  };
}

// Progress of rounds that last for an hour.

const EVERY_MS = 30_000;

/** Passes the values on in turn, and says where it is at most twice a minute. */
export function* counted<T>(what: string, values: readonly T[]): Generator<T> {
  let saidAt = performance.now();
  for (const [index, value] of values.entries()) {
    if (performance.now() - saidAt > EVERY_MS) {
      saidAt = performance.now();
      process.stdout.write(`  ${what} … ${index} of ${values.length}\n`);
    }
    yield value;
  }
}

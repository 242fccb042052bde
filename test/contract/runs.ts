// How many inputs a property of this tier tries, and which.

export interface Runs {
  readonly numRuns: number;
  readonly seed: number;
}

/** Ten times as many in the long form. Every run generates other inputs; SEED repeats an earlier run, which printed its seed. */
export function runs(short: number): Runs {
  const isLong = process.env['KUBELET_SYSCTLS_CONTRACT'] === 'long';
  return {
    numRuns: isLong ? 10 * short : short,
    seed: Number(process.env['SEED'] ?? Date.now() % 2 ** 31),
  };
}

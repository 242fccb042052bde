// Figures of a run, a line each.

export function printFigure(what: string, figure: string): void {
  process.stdout.write(`  machines · ${what}: ${figure}\n`);
}

/** Prints how long something took that began at `begun`, of performance.now(). */
export function printTime(what: string, begun: number): void {
  printFigure(what, `${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

// How long the faults last: seconds in `npm test`, as long as on a bad day in `npm run faults`.

import { type Length, lengthIn } from '../../e2e/support/length.ts';

export const LENGTH = lengthIn('KUBELET_SYSCTLS_FAULTS');

/** The value for the form that runs. */
export function byLength<T>(values: Readonly<Record<Length, T>>): T {
  return values[LENGTH];
}

/** Prints one line of figures, also quoted in docs/explanation/faults.md. */
export function printFigures(what: string, figures: Readonly<Record<string, string | number>>): void {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`  faults · ${what}: ${parts.join(', ')}\n`);
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

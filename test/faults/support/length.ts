// How long the faults last: seconds in `npm test`, as long as on a bad day in `npm run faults`.

export type Length = 'short' | 'long';

const VARIABLE = 'KUBELET_SYSCTLS_FAULTS';

export const LENGTH = lengthIn(process.env);

/** Throws when the variable says neither. */
function lengthIn(env: Readonly<Record<string, string | undefined>>): Length {
  const text = env[VARIABLE] ?? 'short';
  if (text !== 'short' && text !== 'long') {
    throw new Error(`Expected ${VARIABLE} to be short or long, got ${text}`);
  }
  return text;
}

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

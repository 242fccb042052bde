import { join } from 'node:path';

/** The path of a script: fill-store.sh ROOT STORE ARCHIVE… (see there). */
export const FILL = join(import.meta.dirname, 'fill-store.sh');

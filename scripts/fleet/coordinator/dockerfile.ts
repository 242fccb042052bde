// The image, as the Dockerfile of this checkout says it runs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, imageOf } from './deployment.ts';

const DOCKERFILE = join(import.meta.dirname, '..', '..', '..', 'Dockerfile');

/** What it runs where nobody names a command. */
export function ourImage(): Image {
  return imageOf(readFileSync(DOCKERFILE, 'utf8'));
}

/** Those that it gives to Node. */
export function nodeFlags(): readonly string[] {
  return ourImage().entrypoint.filter((word) => word.startsWith('--'));
}

// The entry point and environment in this checkout's Dockerfile.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, imageOf } from './deployment.ts';

const DOCKERFILE = join(import.meta.dirname, '..', '..', '..', 'Dockerfile');

/** Returns the image's entry point and environment. */
export function ourImage(): Image {
  return imageOf(readFileSync(DOCKERFILE, 'utf8'));
}

/** Returns the Node options in the entry point. */
export function nodeFlags(): readonly string[] {
  return ourImage().entrypoint.filter((word) => word.startsWith('--'));
}

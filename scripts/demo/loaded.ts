// Skips images that the bed's nodes already have: loading takes seconds.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bed } from '../bed/bed.ts';
import type { Image } from '../bed/images/images.ts';

const RECORD = 'images-of-the-demo.json';

/** Loads the images that changed since the demo last loaded them into every node. */
export async function loadImages(bed: Bed, images: readonly Image[]): Promise<void> {
  const record = join(bed.folder, RECORD);
  const loaded = new Set(await archivesIn(record));
  for (const image of images) {
    if (loaded.has(image.archive)) continue;
    await bed.loadImage(image);
    loaded.add(image.archive);
  }
  // The nodes keep only the last image of each name.
  await writeFile(record, JSON.stringify(images.map(({ archive }) => archive)));
}

/** Returns the recorded archives, whose folder names in the cache are hashes of the images' inputs. */
async function archivesIn(record: string): Promise<readonly string[]> {
  try {
    const archives: unknown = JSON.parse(await readFile(record, 'utf8'));
    return Array.isArray(archives) ? archives.filter((archive) => typeof archive === 'string') : [];
  } catch {
    return [];
  }
}

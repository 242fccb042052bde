// Images that a bed's nodes already have: loading them again takes seconds.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bed } from '../bed/bed.ts';
import type { Image } from '../bed/images/images.ts';

const RECORD = 'images-of-the-demo.json';

/** Loads those of the images that the demo has not loaded yet, as they are now, into every node. */
export async function loadImages(bed: Bed, images: readonly Image[]): Promise<void> {
  const record = join(bed.folder, RECORD);
  const loaded = new Set(await archivesIn(record));
  for (const image of images) {
    if (loaded.has(image.archive)) continue;
    await bed.loadImage(image);
    loaded.add(image.archive);
  }
  // Only the last of each name is in the nodes.
  await writeFile(record, JSON.stringify(images.map(({ archive }) => archive)));
}

/** The cache names an archive's folder after what the image was made from. */
async function archivesIn(record: string): Promise<readonly string[]> {
  try {
    const archives: unknown = JSON.parse(await readFile(record, 'utf8'));
    return Array.isArray(archives) ? archives.filter((archive) => typeof archive === 'string') : [];
  } catch {
    return [];
  }
}

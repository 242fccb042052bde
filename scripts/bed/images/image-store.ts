// What containerd keeps of a set of images, made once: a new node begins with it, as importing takes seconds of CPU a node.

import { copyFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, pruneCache } from '../build/cache.ts';
import { run } from '../build/run.ts';
import { tool } from '../build/tool.ts';
import { rootFileSystem } from '../node/root-file-system.ts';
import { FILL } from './fill-store.ts';
import type { Log } from '../util/progress.ts';
import type { Image } from './image-build.ts';

/** The agent is rebuilt after every edit. */
const STORES_KEPT = 4;
/** The only files that containerd writes in place; all others it replaces or removes. */
const DATABASES = [
  'io.containerd.metadata.v1.bolt/meta.db',
  'io.containerd.snapshotter.v1.overlayfs/metadata.db',
] as const;

/** Returns a folder like /var/lib/containerd with these images, imported and unpacked. The first call for a set takes seconds. */
export async function imageStore(images: readonly Image[], log: Log): Promise<string> {
  const root = await rootFileSystem(log);
  const archives = images.map(({ archive }) => archive);
  const store = await cached(
    'image-store',
    [await readFile(FILL), root, ...archives],
    async (out, note) => {
      await tool(['sh', FILL, root, out, ...archives], { endsWithUs: 'with its children', onLine: note });
    },
    log,
  );
  await pruneCache('image-store', STORES_KEPT);
  return store;
}

/** Gives a node that has never been on these images, in its folder of containerd: its files are hard links to the store's. */
export async function seedImages(folder: string, store: string): Promise<void> {
  await run(['cp', '--archive', '--link', `${store}/.`, folder]);
  for (const database of DATABASES) {
    const own = join(folder, `${database}.own`);
    await copyFile(join(store, database), own);
    await rename(own, join(folder, database));
  }
}

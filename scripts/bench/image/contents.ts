// Size and packages of an image, read from its OCI layout.

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import * as v from 'valibot';
import { run } from '../../bed/build/run.ts';

export interface Contents {
  /** What a registry keeps and a node downloads. */
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** The names in dpkg's database, from which scanners read them. */
  readonly packages: readonly string[];
}

const DESCRIPTOR = v.object({ digest: v.string(), size: v.number() });
const INDEX = v.object({ manifests: v.tuple([DESCRIPTOR]) });
const MANIFEST = v.object({ layers: v.array(DESCRIPTOR) });

/** Returns what is in the one image of a layout, whose first layer is a Debian; throws where it is something else. */
export async function contentsOf(layout: string): Promise<Contents> {
  const blob = (digest: string): string => join(layout, 'blobs', ...digest.split(':'));
  const [{ digest }] = v.parse(INDEX, await json(join(layout, 'index.json'))).manifests;
  const { layers } = v.parse(MANIFEST, await json(blob(digest)));
  const [debian] = layers;
  if (debian === undefined) throw new Error(`Expected the image in ${layout} to have layers, found none.`);
  const sizes = await Promise.all(layers.map((layer) => unpackedSize(blob(layer.digest))));
  const { stdout } = await run(['tar', '-xOzf', blob(debian.digest), 'var/lib/dpkg/status']);
  return {
    packedBytes: sum(layers.map(({ size }) => size)),
    unpackedBytes: sum(sizes),
    packages: packagesIn(stdout),
  };
}

/** Returns the names in the text of dpkg's database, sorted. */
export function packagesIn(status: string): readonly string[] {
  return [...status.matchAll(/^Package: (?<name>.+)$/gmu)]
    .map(({ groups }) => groups?.['name'] ?? '')
    .toSorted();
}

async function json(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

async function unpackedSize(file: string): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(file).pipe(createGunzip())) size += Buffer.byteLength(chunk);
  return size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

// Releases of this checkout, for tests.

import { join } from 'node:path';
import { makeRelease, type Release } from '../../../scripts/release/release.ts';
import { type Source, sourceOf, versionOf } from '../../../scripts/release/source.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { type FileNames, fileNames } from '../../../scripts/release/files.ts';

export const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
export const REPOSITORY = 'registry.example/team/kubelet-sysctl-agent';
export const DOWNLOADS = 'https://releases.example/download/v1';

export interface Made {
  readonly folder: string;
  readonly names: FileNames;
  /** The image's reference with its digest. */
  readonly image: string;
  readonly source: Source;
  path(name: keyof FileNames): string;
}

/** Makes a release of this checkout, with changes that are not committed too; `out` is its folder. */
export async function releaseTo(out: string, options: Partial<Release> = {}): Promise<Made> {
  const [source, version] = [options.source ?? (await sourceOf(CHECKOUT)), await versionOf(CHECKOUT)];
  const release = { checkout: CHECKOUT, version, source, repository: REPOSITORY, url: DOWNLOADS, out };
  const { reference } = await makeRelease(
    { ...release, hasCachedBase: true, hasImageSbom: false, ...options },
    consoleLog(),
  );
  const names = fileNames(version);
  return { folder: out, names, image: reference, source, path: (name) => join(out, names[name]) };
}

// The image as an OCI layout in one file, which a registry, containerd and every OCI tool read.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Bundle } from '../build.ts';
import { type BaseImage, buildLayout } from '../bed/images/image-build.ts';
import { cachedBase, makeBase } from '../bed/images/base-image.ts';
import { agentContext } from '../bed/images/images.ts';
import type { Log } from '../bed/util/progress.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { pack } from './archive.ts';
import type { Source } from './source.ts';

export interface ReleasedImage {
  /** Of the manifest, such as `sha256:…`. */
  readonly digest: string;
  /** By digest. */
  readonly reference: string;
}

export interface ImageBuild {
  readonly version: string;
  readonly source: Source;
  /** The name without a tag, with its registry. */
  readonly repository: string;
  /** The base's reference with its digest; undefined: the base that is made here. */
  readonly base: string | undefined;
  readonly hasCachedBase: boolean;
  readonly bundle: Bundle;
  /** The archive. */
  readonly out: string;
}

const INDEX = v.looseObject({
  manifests: v.tuple([v.looseObject({ digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/u)) })]),
});

/** Builds the image by this checkout's Dockerfile and writes it; throws a ToolError with buildah's output. */
export async function releaseImage(build: ImageBuild, log: Log): Promise<ReleasedImage> {
  const { source, bundle, out, repository, version } = build;
  await using work = await workFolder(out);
  const base = build.base ?? (await ownBase(build, work.path, log));
  const [context, folder] = [join(work.path, 'context'), join(work.path, 'layout')];
  await mkdir(context);
  await agentContext(bundle, context);
  await log.step('Building the image', (note) =>
    buildLayout({ context, base, labels: labelsOf(build), folder, epoch: source.epoch }, note),
  );
  const index = v.parse(INDEX, JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
  const [manifest] = index.manifests;
  const { digest } = manifest;
  const reference = `${repository}@${digest}`;
  const annotations = {
    // containerd imports it under the name that the manifests have, so a node without a registry can run it.
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': version,
  };
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ ...index, manifests: [{ ...manifest, annotations }] }),
  );
  await pack({ folder, out, epoch: source.epoch });
  return { digest, reference };
}

async function ownBase({ hasCachedBase }: ImageBuild, folder: string, log: Log): Promise<BaseImage> {
  if (hasCachedBase) return cachedBase(log);
  return log.step("Making the image's base of what Debian has now", (note) => makeBase(folder, note));
}

/** Title, description and licence are in the Dockerfile. */
function labelsOf({ version, source, base }: ImageBuild): Readonly<Record<string, string>> {
  const [name = '', digest = ''] = base?.split('@') ?? [];
  const ofBase = {
    'org.opencontainers.image.base.name': name,
    'org.opencontainers.image.base.digest': digest,
  };
  return {
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': source.commit,
    'org.opencontainers.image.created': timeOf(source),
    ...(base === undefined ? {} : ofBase),
  };
}

/** Returns the commit's time, as RFC 3339 has it. */
export function timeOf({ epoch }: Pick<Source, 'epoch'>): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}

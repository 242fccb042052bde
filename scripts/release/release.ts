// Makes the files of a release: the same for the same commit, the same options and the same tools.

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundled, PLUGIN_ENTRY } from '../build.ts';
import { tool } from '../bed/build/tool.ts';
import type { Log } from '../bed/util/progress.ts';
import { workFolder } from '../bed/util/work-folder.ts';
import { installYaml } from '../manifests/install-yaml.ts';
import { releaseChart } from './chart.ts';
import { checksumsIn, sha256Of, sumsText } from './checksums.ts';
import { type FileNames, fileNames, SUMS } from './files.ts';
import { type ReleasedImage, releaseImage, timeOf } from './image.ts';
import { imageSbom } from './image-sbom.ts';
import { krewManifest, releasePlugin } from './plugin.ts';
import { provenanceText } from './provenance.ts';
import { bundleSbom } from './sbom.ts';
import type { Source } from './source.ts';

export interface Release {
  readonly checkout: string;
  readonly version: string;
  readonly source: Source;
  /** The image's name without a tag, with its registry. */
  readonly repository: string;
  /** The address of the folder from which people download the files. */
  readonly url: string;
  /** The reference of the image's base with its digest; undefined: made here, of Debian's packages and Node. */
  readonly base?: string | undefined;
  /** True: the base that is made here may be an older one, of the cache of the builds, without later security updates. */
  readonly hasCachedBase: boolean;
  /** False leaves out the bill of materials of the image: building syft takes minutes. */
  readonly hasImageSbom: boolean;
  /** The folder; one that is there is replaced when all files are made. */
  readonly out: string;
}

/**
 * Resolves with the image when the folder is there. Throws what one of the tools reports, and for a folder that is something else;
 * then it leaves the folder as it was.
 */
export async function makeRelease(release: Release, log: Log): Promise<ReleasedImage> {
  const { out, version } = release;
  await requireOurs(out);
  await mkdir(dirname(out), { recursive: true });
  await using work = await workFolder(out);
  const folder = join(work.path, 'release');
  await mkdir(folder);
  const image = await writeFiles({ ...release, out: folder }, fileNames(version), log);
  await rm(out, { recursive: true, force: true });
  await rename(folder, out);
  return image;
}

async function requireOurs(folder: string): Promise<void> {
  const files = existsSync(folder) ? await readdir(folder) : [];
  if (files.length === 0 || files.includes(SUMS)) return;
  throw new Error(
    `Expected ${folder} to be a release, to be empty or not to exist, got other files. Nothing was made. Name another folder.`,
  );
}

async function writeFiles(release: Release, names: FileNames, log: Log): Promise<ReleasedImage> {
  const { checkout, version, source, repository, url, base, hasCachedBase, out } = release;
  const { epoch } = source;
  const at = (name: string): string => join(out, name);
  const [agent, plugin] = [await bundled(), await bundled(PLUGIN_ENTRY)];

  const build = { version, source, repository, base, hasCachedBase, bundle: agent, out: at(names.image) };
  const image = await releaseImage(build, log);
  await writeManifests(image.reference, at, names, log);
  await releaseChart({ checkout, repository, digest: image.digest, epoch, out: at(names.chart) }, log);
  await releasePlugin({ checkout, bundle: plugin, epoch, out: at(names.plugin) });
  const sha256 = await sha256Of(at(names.plugin));
  const manifest = krewManifest({ version, uri: `${url}/${names.plugin}`, sha256 });
  await writeFile(at(names.krewManifest), manifest);

  await copyFile(join(checkout, 'daemonset', 'selinux', names.selinuxModule), at(names.selinuxModule));

  const time = timeOf(source);
  const program = { version, time };
  await writeFile(at(names.agentSbom), bundleSbom({ ...program, name: 'kubelet-sysctls', bundle: agent }));
  await writeFile(at(names.pluginSbom), bundleSbom({ ...program, name: 'kubectl-sysctls', bundle: plugin }));
  if (release.hasImageSbom) {
    const scanned = { archive: at(names.image), name: repository, version, time };
    await writeFile(at(names.imageSbom), await imageSbom(scanned, log));
  }

  const provenance = provenanceText({
    version,
    source,
    base,
    options: { repository, url, ...(base === undefined ? {} : { base }) },
    files: await checksumsIn(out),
    packages: [...agent.packages, ...plugin.packages],
    tools: await toolVersions(checkout),
  });
  await writeFile(at(names.provenance), provenance);
  await writeFile(at(names.sums), sumsText(await checksumsIn(out)));
  return image;
}

async function writeManifests(
  image: string,
  at: (name: string) => string,
  names: FileNames,
  log: Log,
): Promise<void> {
  await writeFile(at(names.installYaml), await installYaml({ image }, log));
  const before130 = await installYaml({ image, components: ['before-1.30'] }, log);
  await writeFile(at(names.installYamlBefore130), before130);
}

/** Returns the versions of what shapes the bytes; the others are in package-lock.json, or fixed in scripts/bed/build. */
async function toolVersions(checkout: string): Promise<Readonly<Record<string, string>>> {
  const lockFile = await sha256Of(join(checkout, 'package-lock.json'));
  return {
    node: process.version,
    'package-lock.json': `sha256:${lockFile}`,
    mmdebstrap: await firstLine('mmdebstrap'),
    buildah: await firstLine('buildah'),
    tar: await firstLine('tar'),
    gzip: await firstLine('gzip'),
  };
}

async function firstLine(program: string): Promise<string> {
  return (await tool([program, '--version'])).split('\n')[0] ?? '';
}

// Builds container images with buildah, without a daemon or a registry.

import { join } from 'node:path';
import { tool } from '../build/tool.ts';
import { workFolder } from '../util/work-folder.ts';

/** A container image that a node's containerd can import. */
export interface Image {
  /** The name that pods use, such as localhost/demoapp:v1.0. */
  readonly reference: string;
  /** A tar file in the docker-archive format. */
  readonly archive: string;
}

/** A container image that others are based on. */
export interface BaseImage {
  readonly reference: string;
  /** The folder of buildah's storage that holds it; builds only read it. */
  readonly storage: string;
}

type Note = (text: string) => void;

/** What makes a build give the same bytes again. */
export interface Repeatable {
  /** Seconds since 1970: the time of the image and of all its files. */
  readonly epoch: number;
}

/** Builds a base image from the Dockerfile in a folder; throws a ToolError with buildah's output. */
export async function buildBase(
  context: string,
  base: BaseImage,
  { epoch }: Repeatable,
  note: Note,
): Promise<void> {
  await using work = await workFolder(context);
  const buildah = buildahIn({ storage: base.storage, work: work.path }, note);
  await buildah(['bud', ...ISOLATED, ...atTime(epoch), '--tag', base.reference, context]);
}

/**
 * Builds an image from the Dockerfile in a folder, with the build argument BASE when there is a base, and writes its archive.
 * Throws a ToolError with buildah's output. Leaves no other files.
 */
export async function buildImage(
  build: { readonly context: string; readonly image: Image; readonly base?: BaseImage | undefined },
  note: Note,
): Promise<void> {
  const { context, image, base } = build;
  const target = `docker-archive:${image.archive}:${image.reference}`;
  await buildTo(target, { context, reference: image.reference, base, options: [] }, note);
}

export interface LayoutBuild extends Repeatable {
  readonly context: string;
  /** A string is the reference of an image in a registry. */
  readonly base: BaseImage | string;
  readonly labels: Readonly<Record<string, string>>;
  /** The folder that becomes the OCI layout. */
  readonly folder: string;
}

/** Builds an image as `buildImage` does, into a folder in the format of an OCI layout with one manifest. */
export async function buildLayout(build: LayoutBuild, note: Note): Promise<void> {
  const { context, base, labels, folder, epoch } = build;
  const labelled = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  const options = [...atTime(epoch), ...labelled];
  await buildTo(`oci:${folder}`, { context, reference: 'localhost/layout', base, options }, note);
}

interface Build {
  readonly context: string;
  readonly reference: string;
  readonly base?: BaseImage | string | undefined;
  readonly options: readonly string[];
}

async function buildTo(target: string, build: Build, note: Note): Promise<void> {
  const { context, reference, base, options } = build;
  await using work = await workFolder(context);
  const local = typeof base === 'string' ? undefined : base;
  const buildah = buildahIn({ storage: join(work.path, 'storage'), work: work.path, base: local }, note);
  const isolated = typeof base === 'string' ? CHROOT : ISOLATED;
  const named = typeof base === 'string' ? base : base?.reference;
  const argument = named === undefined ? [] : ['--build-arg', `BASE=${named}`];
  await buildah(['bud', ...isolated, ...options, ...argument, '--tag', reference, context]);
  await buildah(['push', '--quiet', reference, target]);
}

const CHROOT = ['--isolation', 'chroot'];
const ISOLATED = [...CHROOT, '--pull-never'];

/** The label that buildah adds otherwise has its version. */
function atTime(epoch: number): readonly string[] {
  return ['--timestamp', String(epoch), '--identity-label=false'];
}

/** Uses the vfs driver, which works on every file system. */
function buildahIn(
  folders: { readonly storage: string; readonly work: string; readonly base?: BaseImage | undefined },
  note: Note,
): (argv: readonly string[]) => Promise<void> {
  const { storage, work, base } = folders;
  const inherited = base === undefined ? [] : ['--storage-opt', `vfs.imagestore=${base.storage}`];
  const own = ['--storage-driver', 'vfs', '--root', storage, '--runroot', join(work, 'run'), ...inherited];
  return async (argv) => {
    await tool(['buildah', ...own, ...argv], {
      endsWithUs: 'with its children',
      env: { TMPDIR: work },
      onLine: note,
    });
  };
}

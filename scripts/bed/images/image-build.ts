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

/** Builds a base image from the Dockerfile in a folder; throws a ToolError with buildah's output. */
export async function buildBase(context: string, base: BaseImage, note: Note): Promise<void> {
  await using work = await workFolder(context);
  const buildah = buildahIn({ storage: base.storage, work: work.path }, note);
  await buildah(['bud', ...ISOLATED, '--tag', base.reference, context]);
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
  await using work = await workFolder(context);
  const buildah = buildahIn({ storage: join(work.path, 'storage'), work: work.path, base }, note);
  const argument = base === undefined ? [] : ['--build-arg', `BASE=${base.reference}`];
  await buildah(['bud', ...ISOLATED, ...argument, '--tag', image.reference, context]);
  await buildah(['push', '--quiet', image.reference, `docker-archive:${image.archive}:${image.reference}`]);
}

const ISOLATED = ['--isolation', 'chroot', '--pull-never'];

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

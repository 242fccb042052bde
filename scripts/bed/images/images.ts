// The images that nodes of a bed run: the agent, built by the project's Dockerfile, the sandbox and the demo application.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundled } from '../../build.ts';
import { cached, pruneCache } from '../build/cache.ts';
import { goPlainProgram } from '../build/go.ts';
import { cachedBase } from './base-image.ts';
import { buildImage } from './image-build.ts';
import type { BaseImage, Image } from './image-build.ts';
import type { Log } from '../util/progress.ts';
import { LEFT_OUT, makeDebian, SUITE } from '../node/root-file-system.ts';
import { workFolder } from '../util/work-folder.ts';

export type { Image } from './image-build.ts';

const BED = import.meta.dirname;
const CHECKOUT = join(BED, '..', '..', '..');
const ARCHIVE = 'image.tar';
/** Part of every cache key: change it when a recipe below changes. */
const RECIPE = ['images 2', process.arch, SUITE, ...LEFT_OUT];

const PAUSE = 'registry.k8s.io/pause:3.6';
const DEMO_APP = 'localhost/demoapp:v1.0';
const AGENT = 'localhost/kubelet-sysctl-agent:bed';

const DEMO_APP_PACKAGES = ['busybox', 'iptables', 'iproute2', 'procps', 'curl'];
const DEMO_APP_APPLETS = ['wget', 'nc', 'netstat', 'nslookup', 'ifconfig', 'vi'];
/** What the agent's image is built from, beside the bundle. */
const AGENT_FILES = ['Dockerfile', '.dockerignore', 'LICENSE'];
/** The agent is rebuilt after every edit, and several checkouts share the cache. */
const AGENTS_KEPT = 5;

/** Returns the sandbox image, under the name that Debian's containerd uses. */
export async function pauseImage(log: Log): Promise<Image> {
  const source = join(BED, 'pause', 'main.go');
  const dockerfile = 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n';
  return cachedImage('pause-image', PAUSE, [dockerfile, await readFile(source)], log, async (making) => {
    await goPlainProgram(source, join(making.context, 'pause'));
    await writeFile(join(making.context, 'Dockerfile'), dockerfile);
    await making.build();
  });
}

/** Returns the image of the tutorial's application (demoapp/main.go), with a shell, ps, ss, curl, wget, id, chown and a working iptables. */
export async function demoAppImage(log: Log): Promise<Image> {
  const [server, iptables] = [join(BED, 'demoapp', 'main.go'), join(BED, 'demoapp', 'iptables')];
  const hooks = [
    `copy-in ${iptables} /usr/local/sbin`,
    'ln -sf /usr/local/sbin/iptables "$1/etc/alternatives/iptables"',
    ...DEMO_APP_APPLETS.map((applet) => `ln -s /bin/busybox "$1/usr/local/bin/${applet}"`),
  ];
  const dockerfile =
    'FROM scratch\nADD debian.tar /\nCOPY demoapp /usr/local/bin/demoapp\nENTRYPOINT ["/usr/local/bin/demoapp"]\n';
  const inputs = [
    dockerfile,
    ...DEMO_APP_PACKAGES,
    ...DEMO_APP_APPLETS,
    await readFile(server),
    await readFile(iptables),
  ];
  return cachedImage('demoapp-image', DEMO_APP, inputs, log, async (making) => {
    await goPlainProgram(server, join(making.context, 'demoapp'));
    const target = join(making.context, 'debian.tar');
    await makeDebian({ packages: DEMO_APP_PACKAGES, hooks, target }, making.note);
    await writeFile(join(making.context, 'Dockerfile'), dockerfile);
    await making.build();
  });
}

/** Returns the agent's image: the bundle of this checkout, built by its Dockerfile on the base that is made here. */
export async function agentImage(log: Log): Promise<Image> {
  const base = await cachedBase(log);
  const program = await bundled();
  const contents = await Promise.all(AGENT_FILES.map((file) => readFile(join(CHECKOUT, file))));
  const made = await cachedImage(
    'agent-image',
    AGENT,
    [base.storage, program.content, program.licenses, ...contents],
    log,
    async (making) => {
      await agentContext(program, making.context);
      await making.build(base);
    },
  );
  await pruneCache('agent-image', AGENTS_KEPT);
  return made;
}

/** Fills a folder with all that the agent's Dockerfile needs. */
export async function agentContext({ content, licenses }: Bundle, folder: string): Promise<void> {
  await Promise.all(AGENT_FILES.map((file) => copyFile(join(CHECKOUT, file), join(folder, file))));
  await mkdir(join(folder, 'dist'));
  await writeFile(join(folder, 'dist', 'kubelet-sysctls.mjs'), content, { mode: 0o755 });
  await writeFile(join(folder, 'dist', 'kubelet-sysctls.licenses.txt'), licenses);
}

interface Making {
  /** The build context: the folder for the Dockerfile and all that it copies. */
  readonly context: string;
  readonly note: (text: string) => void;
  readonly build: (base?: BaseImage) => Promise<void>;
}

async function cachedImage(
  name: string,
  reference: string,
  inputs: readonly (string | Uint8Array)[],
  log: Log,
  make: (making: Making) => Promise<void>,
): Promise<Image> {
  const folder = await cached(
    name,
    [...RECIPE, reference, ...inputs],
    async (out, note) => {
      await using work = await workFolder(out);
      const context = work.path;
      const image = { reference, archive: join(out, ARCHIVE) };
      const build = async (base?: BaseImage): Promise<void> => buildImage({ context, image, base }, note);
      await make({ context, note, build });
    },
    log,
  );
  return { reference, archive: join(folder, ARCHIVE) };
}

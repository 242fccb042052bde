// The Debian that every container of a bed boots, and the minimal ones that images are based on.

import { dirname, join } from 'node:path';
import { cached } from '../build/cache.ts';
import type { Log } from '../util/progress.ts';
import { tool } from '../build/tool.ts';

/** The Debian release of containers and images. */
export const SUITE = 'bookworm';
/** What every node needs. */
export const NODE_PACKAGES: readonly string[] = [
  'systemd systemd-sysv dbus util-linux procps kmod attr',
  'iproute2 iptables nftables conntrack ethtool curl ca-certificates',
  'containerd runc containernetworking-plugins',
].flatMap((line) => line.split(' '));
/** Files that nodes and images do not need. */
export const LEFT_OUT = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*'];

/** Returns the folder of a node's root file system: Debian with systemd, containerd and the CNI plugins. The first call takes about a minute. */
export async function rootFileSystem(log: Log): Promise<string> {
  const recipe = ['root file system 1', process.arch, SUITE, ...NODE_PACKAGES, ...LEFT_OUT];
  const folder = await cached(
    'root-file-system',
    recipe,
    (out, note) => makeDebian({ packages: NODE_PACKAGES, target: join(out, 'root') }, note),
    log,
  );
  return join(folder, 'root');
}

/**
 * Makes a minimal Debian with these packages, as a folder or, when the name ends in `.tar`, as an archive.
 * `hooks` are shell commands that run at the end with the root file system as $1 (mmdebstrap's customize hooks).
 */
export async function makeDebian(
  debian: {
    readonly packages: readonly string[];
    /** The Debian release; default: SUITE. */
    readonly suite?: string;
    readonly hooks?: readonly string[];
    readonly target: string;
  },
  note: (text: string) => void,
): Promise<void> {
  const { packages, hooks = [] } = debian;
  const options = [
    ...LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--include=${packages.join(',')}`,
    ...hooks.map((hook) => `--customize-hook=${hook}`),
  ];
  await tool(
    ['mmdebstrap', '--mode=root', '--variant=minbase', ...options, debian.suite ?? SUITE, debian.target],
    {
      endsWithUs: 'with its children',
      env: { TMPDIR: dirname(debian.target) },
      onLine: (line) => note(line.replace(/^[IW]: /, '')),
    },
  );
}

// Everything on a node's disk, except what the system writes itself.

import type { BedNode } from '../../../../scripts/bed/bed.ts';

/** Path → kind, mode, owner and content. */
export type RootFileSystem = ReadonlyMap<string, string>;

/**
 * Not on the disk, or written all the time by the kubelet, containerd and systemd for what they run and log. Of /run the tests read only our names.
 */
const LEFT_OUT: readonly string[] = [
  '/dev',
  '/proc',
  '/run',
  '/sys',
  '/tmp',
  '/var/lib/containerd',
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/lib/systemd',
  '/var/log',
  '/var/tmp',
  '/etc/resolv.conf',
];
/** Of the kubelet's folder, what a person or an installer writes. */
const OF_THE_KUBELET: readonly string[] = ['config.yaml', 'kubeadm-flags.env'].map(
  (name) => `/var/lib/kubelet/${name}`,
);

/** find's arguments for the paths that count. */
const KEPT: readonly string[] = [
  '/',
  '(',
  ...LEFT_OUT.flatMap((path) => ['-path', path, '-o']),
  '-false',
  ')',
  '-prune',
  '-o',
];

/** Lists in the node: a virtual machine's disk cannot be read from here. */
export async function rootFileSystem(node: Pick<BedNode, 'exec'>): Promise<RootFileSystem> {
  const [inRoot, ofTheKubelet, sums] = await Promise.all([
    node.exec(['find', ...KEPT, '-printf', FACTS]),
    node.exec(['find', ...OF_THE_KUBELET, '-printf', FACTS]),
    node.exec(['sh', '-c', SUMS, 'sh', ...KEPT]),
  ]);
  const sumOf = new Map(recordsOf(sums.stdout).map((line) => [line.slice(66), line.slice(0, 64)]));
  return new Map(
    recordsOf(inRoot.stdout + ofTheKubelet.stdout).map((line) => {
      const [kind = '', mode = '', size = '', link = '', path = ''] = line.split('\t');
      return [path, factsOf(kind, { mode, size, link, sum: sumOf.get(path) })];
    }),
  );
}

/** find's kind, permission bits and owner, size, where a link leads, path. */
const FACTS = String.raw`%y\t%m %U:%G\t%s\t%l\t%p\0`;
const SUMS = `{ find "$@" -type f -print0; printf '%s\\0' ${OF_THE_KUBELET.join(' ')}; } | xargs -0 sha256sum --zero`;

function recordsOf(stdout: string): readonly string[] {
  return stdout.split('\0').filter((line) => line !== '');
}

function factsOf(
  kind: string,
  facts: {
    readonly mode: string;
    readonly size: string;
    readonly link: string;
    readonly sum: string | undefined;
  },
): string {
  if (kind === 'l') return `link ${facts.link}`;
  if (kind === 'f') return `file ${facts.mode} ${facts.size} ${facts.sum}`;
  return kind === 'd' ? `folder ${facts.mode}` : `other ${facts.mode}`;
}

/** Path → the attributes security.*, such as SELinux's context and the capabilities of programs, of what has any. */
export async function securityAttributes(node: Pick<BedNode, 'exec'>): Promise<RootFileSystem> {
  const { stdout } = await node.exec(['sh', '-c', ATTRIBUTES, 'sh', ...KEPT]);
  return new Map(
    stdout
      .split('\n\n')
      .filter((block) => block !== '')
      .map((block) => {
        const [path = '', ...attributes] = block.split('\n');
        return [path, attributes.join(' ')];
      }),
  );
}

const ATTRIBUTES = `find "$@" -print0 | xargs -0 getfattr --no-dereference --absolute-names --match='^security\\.' --dump`;

/** What differs, a line each. */
export function differences(before: RootFileSystem, after: RootFileSystem): readonly string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? 'nothing'} → ${after.get(path) ?? 'nothing'}`);
}

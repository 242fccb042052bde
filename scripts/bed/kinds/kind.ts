// What a node kind is: how a vendor or an installer starts the kubelet, as files on a node of the bed.

import { parse } from 'yaml';

/** What a kind's files need to know of their node. */
export interface KindNode {
  readonly name: string;
  readonly address: string;
  /** The text of a kubeconfig with the node's own credentials. */
  readonly kubeconfig: string;
  /** The text of a KubeletConfiguration, YAML, with which the kubelet works on the bed. */
  readonly config: string;
}

export interface KindFile {
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

export type KindFiles = Readonly<Record<string, KindFile>>;

/** Where the agent writes the list: words of a variable in an environment file, or a file of its own in the config-dir. */
export type KindTarget =
  | { readonly kind: 'variable'; readonly name: string; readonly path: string }
  | { readonly kind: 'config-dir'; readonly path: string };

export interface NodeKind {
  /** As docs/reference/nodes.md names it. */
  readonly title: string;
  /** The unit that starts the kubelet. */
  readonly unit: string;
  /** The path of the executable that becomes the kubelet. */
  readonly binary: string;
  /** Undefined: the agent refuses such a node. */
  readonly target: KindTarget | undefined;
  /** Labels of the Node by which it is recognised. */
  readonly labels: Readonly<Record<string, string>>;
  /** Words that the reason of a refused node contains. */
  readonly setting: readonly string[];
  /** Returns every file of the kind by its path on the node. None of them exists on a node of another kind. */
  files(node: KindNode): KindFiles;
}

/** Where every node of the bed has its kubelet; a kind's own path is a link to it. */
export const BED_KUBELET = '/usr/bin/kubelet';
export const OS_RELEASE = '/etc/os-release';
export const KUBELET_UNIT = 'kubelet.service';
export const UNIT_FILE = '/etc/systemd/system/kubelet.service';
export const DROP_INS = `${UNIT_FILE}.d`;
export const CONTAINERD = 'unix:///run/containerd/containerd.sock';
/** The name of the file that the agent adds to a config-dir. */
export const OWN_CONFIG = '99-kubelet-sysctl-agent.conf';

/** Returns a file that everyone may read. */
export function file(content: string): KindFile {
  return { content, mode: 0o644 };
}

/** Returns a file that only root may read. */
export function secret(content: string): KindFile {
  return { content, mode: 0o600 };
}

/** Returns an executable script. */
export function script(content: string): KindFile {
  return { content, mode: 0o755 };
}

/** Returns the KubeletConfiguration as indented JSON. */
export function jsonConfig({ config }: Pick<KindNode, 'config'>): string {
  return `${JSON.stringify(parse(config), undefined, 4)}\n`;
}

/** Returns a kind whose unit is kubelet.service and whose kubelet is /usr/bin/kubelet, where `kind` does not say otherwise. */
export function nodeKind(kind: Pick<NodeKind, 'title' | 'files'> & Partial<NodeKind>): NodeKind {
  return { unit: KUBELET_UNIT, binary: BED_KUBELET, target: undefined, labels: {}, setting: [], ...kind };
}

/** Returns the target that is a variable's words in a file. */
export function variableIn(path: string, name = 'KUBELET_EXTRA_ARGS'): KindTarget {
  return { kind: 'variable', name, path };
}

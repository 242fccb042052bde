// Whether a program is a kubelet's own binary, and what it is otherwise, for a message. Pure.

/** An executable file. */
export interface ProgramFile {
  /** Without symbolic links, and without the ` (deleted)` of a file that was replaced while it runs. */
  readonly path: string;
  /** Its first bytes, as Latin-1. */
  readonly head: string;
}

const ELF = '\u{7F}ELF';
/** With the version that some installers keep in the name: kubelet-1.37, kubelet_v1.37.2. Not kubelet-exporter. */
const KUBELET_NAME = /^kubelet(?:[-_.]?v?\d.*)?$/u;
const CONTAINER_TOOLS = ['docker', 'podman', 'nerdctl', 'ctr'];
const SHELLS = ['sh', 'bash', 'dash', 'ash', 'busybox'];

/** True for an ELF file with the name of a kubelet: only such a file is ever run. */
export function isKubelet({ path, head }: ProgramFile): boolean {
  return head.startsWith(ELF) && KUBELET_NAME.test(nameOf(path));
}

/** True when the file of a running process may be a kubelet's: an upgrade may have renamed it to kubelet.old. */
export function maybeKubelet({ path }: Pick<ProgramFile, 'path'>): boolean {
  return nameOf(path).startsWith('kubelet');
}

/**
 * Returns what ExecStart= starts, when that is no kubelet: its path and its kind. `execStart`: its words, variables unexpanded; of these
 * no more is shown than the first and a subcommand.
 */
export function programText(execStart: readonly string[], file: ProgramFile | undefined): string {
  const [path = '', second = ''] = execStart;
  if (file === undefined) {
    return `${path}, which does not exist`;
  }
  const name = nameOf(path);
  if (file.head.startsWith('#!')) {
    return `${path}, a script (${interpreterOf(file.head)})`;
  }
  if (CONTAINER_TOOLS.includes(name)) {
    return `a container (${name}${/^[a-z]+$/u.test(second) ? ` ${second}` : ''})`;
  }
  if (nameOf(file.path) === 'snap') {
    return `a snap (${name === 'snap' && /^[a-z]+$/u.test(second) ? `snap ${second}` : path})`;
  }
  if (SHELLS.includes(name)) {
    return `${path}, a shell`;
  }
  if (!file.head.startsWith(ELF)) {
    return `${path}, which is no ELF file`;
  }
  const link = file.path === path ? '' : ` (a link to ${file.path})`;
  return `${path}${link}, another program`;
}

function interpreterOf(head: string): string {
  const [line = ''] = head.split('\n', 1);
  return line
    .replaceAll(/[^ -~]/gu, '')
    .slice(0, 60)
    .trim();
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

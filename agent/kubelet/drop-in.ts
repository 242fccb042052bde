// The agent's own file in the kubelet's --config-dir: prints it, and reads the list back.

import { ConfigError, listIn, type ConfigFile } from './config.ts';

const HEADER = [
  '# Written by kubelet-sysctl-agent, which follows the ConfigMap kubelet-sysctls. Put other settings into another file.',
  'apiVersion: kubelet.config.k8s.io/v1beta1',
  'kind: KubeletConfiguration',
];

/** Returns the file with this list. The kubelet requires apiVersion and kind. */
export function printDropIn(list: readonly string[]): Uint8Array {
  const lines = list.length === 0 ? [' []'] : list.map((item) => `\n- ${JSON.stringify(item)}`);
  return Buffer.from(`${HEADER.join('\n')}\nallowedUnsafeSysctls:${lines.join('')}\n`);
}

/**
 * Returns the list of a file that `printDropIn` printed, also when its items have been changed since.
 *
 * @throws ConfigError when it has more in it than that: the agent would not keep it.
 */
export function readDropIn(file: ConfigFile): readonly string[] {
  const list = listIn(file);
  if (list !== undefined && list !== null && isPrinted(file, list)) return list;
  const message =
    'Expected only what the agent wrote, found something else. The agent does not change or remove this file. ' +
    'Move what was added to another .conf file of that folder, or remove the file.';
  throw new ConfigError(message, { path: file.path, line: undefined });
}

function isPrinted(file: ConfigFile, list: readonly string[]): boolean {
  return Buffer.from(file.content).equals(printDropIn(list));
}

export interface DropInRevert {
  readonly path: string;
  /** The file's bytes now, written by another party after our change. */
  readonly found: Uint8Array;
  /** The file's bytes before our change; undefined: the file did not exist. */
  readonly before: Uint8Array | undefined;
  /** The allowances that our change wanted. */
  readonly applied: readonly string[];
  /** All allowances that our change would have left in force. */
  readonly configuredAfter: readonly string[];
}

/**
 * Returns the file without the allowances that our change added, and with those that it removed; undefined: no file.
 *
 * @throws ConfigError as `readDropIn`.
 */
export function revertDropIn({
  path,
  found,
  before,
  applied,
  configuredAfter,
}: DropInRevert): Uint8Array | undefined {
  const old = before === undefined ? undefined : readDropIn({ path, content: before });
  const now = readDropIn({ path, content: found });
  const kept = now.filter((item) => old?.includes(item) === true || !applied.includes(item));
  const removed = (old ?? []).filter((item) => !kept.includes(item) && !configuredAfter.includes(item));
  const list = [...kept, ...removed];
  return list.length === 0 && old === undefined ? undefined : printDropIn(list);
}

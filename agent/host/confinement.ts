// Which Linux security module confines this process.

import { readFile } from 'node:fs/promises';
import type { Confinement } from '../node/ports.ts';

/** The SELinux domain of privileged containers, which the manifests set. Some policies do not let it ask systemd for anything. */
const OWN_TYPE = 'spc_t';
/** Domains in which nothing is refused. */
const FREE_TYPES = ['unconfined_t', 'kernel_t', 'init_t', 'super_t'];

/** Reads the process's own label below `proc`, and whether SELinux enforces below `sys`; undefined when no module refuses anything to it. */
export async function confinementOf(proc = '/proc', sys = '/sys'): Promise<Confinement | undefined> {
  const attributes = `${proc}/self/attr`;
  const label = (await textOf(`${attributes}/current`)) || (await textOf(`${attributes}/apparmor/current`));
  const [, , type] = label.split(':');
  if (type !== undefined) {
    const isEnforced = (await textOf(`${sys}/fs/selinux/enforce`)) !== '0';
    if (!isEnforced || FREE_TYPES.includes(type)) return undefined;
    return { module: 'SELinux', label, ...(type === OWN_TYPE ? { isOwnType: true } : {}) };
  }
  // A profile in any other mode refuses nothing.
  return /\((?:enforce|kill)\)$/u.test(label) ? { module: 'AppArmor', label } : undefined;
}

/** Empty when it cannot be read: without a security module the kernel refuses to read an attribute. */
async function textOf(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replaceAll('\0', '').trim();
  } catch {
    return '';
  }
}

// Which Linux security module confines this process.

import { readFile } from 'node:fs/promises';
import type { Confinement } from '../node/ports.ts';

/** SELinux domains of privileged containers, in which nothing is refused. */
const FREE_TYPES = ['spc_t', 'unconfined_t', 'kernel_t', 'init_t', 'super_t'];

/** Reads the process's own label below `proc`, and whether SELinux enforces below `sys`; undefined when nothing is refused by it. */
export async function confinementOf(proc = '/proc', sys = '/sys'): Promise<Confinement | undefined> {
  const attributes = `${proc}/self/attr`;
  const label = (await textOf(`${attributes}/current`)) || (await textOf(`${attributes}/apparmor/current`));
  const [, , type] = label.split(':');
  if (type !== undefined) {
    const isEnforced = (await textOf(`${sys}/fs/selinux/enforce`)) !== '0';
    return isEnforced && !FREE_TYPES.includes(type) ? { module: 'SELinux', label } : undefined;
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

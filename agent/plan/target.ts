// Chooses the environment file that assigns KUBELET_EXTRA_ARGS, or that gets a new assignment.

import type { ParsedEnvironmentFile, VariableInForce } from '../kubelet/environment/environment.ts';
import { takesLoneVariable, variablesOf } from '../kubelet/exec-start.ts';
import { EXTRA_ARGS, type EnvironmentFileOnDisk, type KubeletUnit } from '../kubelet/unit.ts';

export type Target =
  | { readonly kind: 'file'; readonly file: EnvironmentFileOnDisk }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Returns the file whose assignment is in force, or else the last one in which an assignment would be in force. Never
 * chooses kubeadm-flags.env, which kubeadm overwrites at every upgrade, or a match of a glob pattern that does not assign the
 * variable. Without such a file, returns what was found and what to do.
 */
export function chooseTarget(
  unit: KubeletUnit,
  files: readonly ParsedEnvironmentFile[],
  inForce: VariableInForce | undefined,
): Target {
  if (!takesLoneVariable(unit.execStart, EXTRA_ARGS)) return { kind: 'none', reason: noVariable(unit) };
  const assigner = files.findLastIndex(({ file }) => file.path === inForce?.assigned?.path);
  const assigning = files[assigner]?.file;
  if (assigning !== undefined && !isKubeadms(assigning)) return { kind: 'file', file: assigning };
  const last = files.slice(assigner + 1).findLast(({ file }) => !file.fromGlob && !isKubeadms(file));
  return last === undefined ? { kind: 'none', reason: noFile(unit) } : { kind: 'file', file: last.file };
}

function isKubeadms(file: EnvironmentFileOnDisk): boolean {
  return file.path.endsWith('/kubeadm-flags.env');
}

function noVariable(unit: KubeletUnit): string {
  const variables = variablesOf(unit.execStart);
  const found = variables.length === 0 ? 'no variable' : variables.join(' ');
  return (
    `Expected ExecStart= of ${unit.name} to have $${EXTRA_ARGS} as a separate word, found ${found}` +
    ` (${filesFound(unit)}). Add $${EXTRA_ARGS} to ExecStart= in a drop-in, or set the sysctls where this node's kubelet is configured.`
  );
}

function noFile(unit: KubeletUnit): string {
  return (
    `Expected ${unit.name} to have an EnvironmentFile= for ${EXTRA_ARGS}, found ${filesFound(unit)}. ` +
    'Add EnvironmentFile=-/etc/default/kubelet (/etc/sysconfig/kubelet on RPM systems) in a drop-in.'
  );
}

function filesFound(unit: KubeletUnit): string {
  const paths = unit.environmentFiles.map(({ path }) => path);
  return paths.length === 0 ? 'no environment file' : `environment files ${paths.join(', ')}`;
}

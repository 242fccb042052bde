// Chooses where the list is written: the file of the kubelet's own, and the variable in it.

import { posix } from 'node:path';
import type { ConfigFolder, ConfigSources } from '../kubelet/config.ts';
import type { ParsedEnvironmentFile, VariableInForce } from '../kubelet/environment/environment.ts';
import { takesLoneVariable, variablesOf } from '../kubelet/exec-start.ts';
import {
  DROP_IN_NAME,
  EXTRA_ARGS,
  NULL_DEVICE,
  OTHER_VARIABLES,
  type EnvironmentFileOnDisk,
  type KubeletUnit,
} from '../kubelet/unit.ts';
import { isAtLeast, type Version } from '../sysctl/version.ts';
import { whyNotOwn } from './own-file.ts';

/** Words of a variable in an environment file. */
export interface FileTarget {
  readonly kind: 'file';
  readonly file: EnvironmentFileOnDisk;
  readonly variable: string;
}

/** The agent's own file in the folder of --config-dir. */
export interface DropInTarget {
  readonly kind: 'drop-in';
  readonly path: string;
  readonly folder: ConfigFolder;
}

export type Target = FileTarget | DropInTarget | { readonly kind: 'none'; readonly reason: string };

export interface TargetInput {
  readonly unit: KubeletUnit;
  readonly files: readonly ParsedEnvironmentFile[];
  readonly environment: ReadonlyMap<string, VariableInForce>;
  readonly config: ConfigSources;
  readonly kubelet: Version;
  readonly mayUseOpenShifts: boolean;
  /** A file that the agent has written to and now restores, whatever it is. */
  readonly restored: string | undefined;
}

/**
 * Returns the file that assigns KUBELET_EXTRA_ARGS, or else one in which an assignment would be in force; without one, a variable
 * of another installer in its own file, or else the agent's own file in the folder of --config-dir, which is chosen first once it
 * exists. Only environment files of the kubelet's own are chosen, and no match of a glob pattern that does not assign the
 * variable. Without such a file, returns what was found and what to do.
 */
export function chooseTarget(input: TargetInput): Target {
  const { unit, config } = input;
  const inFolder = dropIn(input);
  // A list that the agent wrote there would stay when it wrote another elsewhere.
  const isInUse = typeof inFolder === 'object' && config.dropIns.some(({ path }) => path === inFolder.path);
  if (isInUse) return inFolder;
  const takesExtra = takesLoneVariable(unit.execStart, EXTRA_ARGS);
  const own = takesExtra ? extraArgsFile(input) : undefined;
  if (own !== undefined) return { kind: 'file', file: own, variable: EXTRA_ARGS };
  const other = otherVariable(input) ?? inFolder;
  if (typeof other === 'object') return other;
  const reason = takesExtra ? noFile(input) : noVariable(unit);
  return { kind: 'none', reason: other === undefined ? reason : `${reason} ${other}` };
}

function extraArgsFile(input: TargetInput): EnvironmentFileOnDisk | undefined {
  const { unit, files, environment, restored } = input;
  const assigned = environment.get(EXTRA_ARGS)?.assigned?.path;
  const assigner = files.findLastIndex(({ file }) => file.path === assigned);
  const isFitting = (one: ParsedEnvironmentFile): boolean =>
    one.file.path === restored || whyNotOwn(one, EXTRA_ARGS, unit) === undefined;
  const own = files.filter(isFitting).map(({ file }) => file);
  const effective = own.filter((file) => files.findLastIndex((one) => one.file === file) >= assigner);
  const chosen = effective.find(({ path }) => path === assigned) ?? bestOf(effective);
  // Two paths may lead to one file: always the same of them is chosen.
  return chosen && own.find((file) => placeOf(file) === placeOf(chosen));
}

/** The path behind symbolic links. */
export function placeOf({ path, leadsTo }: EnvironmentFileOnDisk): string {
  return leadsTo ?? path;
}

const PREFERRED = ['/etc/default/kubelet', '/etc/sysconfig/kubelet'];

/** Returns the first of the best files. */
function bestOf(files: readonly EnvironmentFileOnDisk[]): EnvironmentFileOnDisk | undefined {
  return files.toSorted((one, other) => rankOf(one) - rankOf(other))[0];
}

/** The lower the better: a usual file before others, one that exists before one that does not. */
function rankOf({ path, content, leadsTo, folderMissing }: EnvironmentFileOnDisk): number {
  return (
    (leadsTo === NULL_DEVICE ? 8 : 0) +
    (folderMissing === true ? 4 : 0) +
    (PREFERRED.includes(path) ? 0 : 2) +
    (content === undefined ? 1 : 0)
  );
}

function otherVariable({ unit, files, environment }: TargetInput): Target | undefined {
  for (const { variable, path } of OTHER_VARIABLES) {
    const isInForce =
      takesLoneVariable(unit.execStart, variable) && environment.get(variable)?.assigned?.path === path;
    const found = isInForce ? files.find(({ file }) => file.path === path) : undefined;
    if (found !== undefined && whyNotOwn(found, variable, unit) === undefined) {
      return { kind: 'file', file: found.file, variable };
    }
  }
  return undefined;
}

/** Returns the file in the folder of --config-dir, or why it is not used; undefined without the flag. */
function dropIn({
  config: { folder },
  kubelet,
  mayUseOpenShifts,
}: TargetInput): DropInTarget | string | undefined {
  if (folder === undefined) return undefined;
  if (posix.normalize(folder.path).startsWith('/etc/openshift/') && !mayUseOpenShifts) {
    return (
      `Its --config-dir ${folder.path} is OpenShift's: use a KubeletConfig, or a MachineConfig that puts a file there; ` +
      'openShiftConfigDir: true in the ConfigMap lets the agent write one.'
    );
  }
  // Older ones need a variable for --config-dir, and merge its files in another way.
  if (!isAtLeast(kubelet, 1, 30)) {
    return `A file in its --config-dir needs a kubelet from 1.30 on; this one is ${kubelet.major}.${kubelet.minor}.`;
  }
  if (!posix.isAbsolute(folder.path)) return `Its --config-dir ${folder.path} is no absolute path.`;
  return { kind: 'drop-in', path: posix.join(folder.path, DROP_IN_NAME), folder };
}

function noVariable(unit: KubeletUnit): string {
  const variables = variablesOf(unit.execStart);
  const found = variables.length === 0 ? 'no variable' : variables.join(' ');
  const paths = unit.environmentFiles.map(({ path }) => path);
  const files = paths.length === 0 ? 'no environment file' : `environment files ${paths.join(', ')}`;
  return (
    `Expected ExecStart= of ${unit.name} to have $${EXTRA_ARGS} as a separate word, found ${found}` +
    ` (${files}). Add $${EXTRA_ARGS} to ExecStart= in a drop-in, or set the sysctls where this node's kubelet is configured.`
  );
}

function noFile({ unit, files, environment }: TargetInput): string {
  const inForce = environment.get(EXTRA_ARGS);
  const found = files.map(
    (one) => `${one.file.path}, which ${whyNotOwn(one, EXTRA_ARGS, unit) ?? 'is read too early'}`,
  );
  const overruled =
    inForce?.assigned === undefined
      ? ''
      : `; ${inForce.origin} overrules every file before it: move that line`;
  return (
    `Expected ${unit.name} to have an EnvironmentFile= of the kubelet's own for ${EXTRA_ARGS}, found ` +
    `${found.length === 0 ? 'no environment file' : found.join('; ')}${overruled}. ` +
    'Add EnvironmentFile=-/etc/default/kubelet (/etc/sysconfig/kubelet on RPM systems) in a drop-in that is read last.'
  );
}

// The matrix's command line.

import { parseArgs } from 'node:util';
import { type Command, commandOf } from '../entry/command.ts';
import { compareVersions, formatVersion, parseVersion } from '../../agent/sysctl/version.ts';
import { MACHINE_KINDS, type MachineKind } from '../bed/node/layouts.ts';
import { KUBELET_VERSIONS, OLDEST_KUBELET_VERSION } from '../bed/build/kubernetes.ts';

export interface MatrixOptions {
  /** The versions in the order of their runs, each once. */
  readonly versions: readonly string[];
  readonly output: 'markdown' | 'json';
  /** What the nodes are. */
  readonly machine: MachineKind;
}

export const HELP = `Usage: npm run matrix [-- VERSION …] [OPTIONS]

Runs the end-to-end cases that depend on the kubelet's version, once for each VERSION, on a cluster whose nodes all
have that kubelet (root and Go are needed; building a kubelet takes some minutes the first time), and prints a table.

With --machine vm: the cases of npm run machines that depend on it, on one virtual machine with that kubelet.

VERSION is a whole version, or a minor version for the patch listed here. The default is all of these:
  ${KUBELET_VERSIONS.join(' ')}

Options:
  --machine KIND  what the nodes are: ${MACHINE_KINDS.join(' or ')} (default: container)
  --json          the result as JSON instead of a table in Markdown; progress goes to standard error
  -h, --help      show this help

Exit codes: 0 nothing failed, 1 a case failed (named on standard error), 2 wrong usage, 130 interrupted.
`;

export function parseCommand(args: readonly string[]): Command<MatrixOptions> {
  return commandOf(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        machine: { type: 'string', default: 'container' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const versions = positionals.length === 0 ? KUBELET_VERSIONS : positionals.map(versionOf);
    const output = values.json ? 'json' : 'markdown';
    return { versions: [...new Set(versions)], output, machine: machineOf(values.machine) };
  });
}

function machineOf(text: string): MachineKind {
  const machine = MACHINE_KINDS.find((each) => each === text);
  if (machine !== undefined) return machine;
  throw new Error(`Expected --machine to be ${MACHINE_KINDS.join(' or ')}, got ${text}`);
}

/** Returns the whole version for a version or minor version; throws when it is unknown or too old. */
function versionOf(text: string): string {
  const [, minor, patch] = /^v?(1\.\d{1,3})(\.\d{1,3})?$/u.exec(text) ?? [];
  if (minor === undefined)
    throw new Error(`Expected a kubelet's version such as 1.37.2 or 1.37, got ${text}`);
  if (patch === undefined) return listedPatchOf(minor);
  const version = parseVersion(minor + patch);
  const oldest = parseVersion(OLDEST_KUBELET_VERSION);
  if (
    version === undefined ||
    oldest === undefined ||
    compareVersions(version, { ...oldest, patch: 0 }) < 0
  ) {
    throw new Error(`Expected a kubelet of ${KUBELET_VERSIONS[0]}'s minor version or newer, got ${text}`);
  }
  return formatVersion(version);
}

function listedPatchOf(minor: string): string {
  const listed = KUBELET_VERSIONS.find((version) => version.startsWith(`${minor}.`));
  if (listed !== undefined) return listed;
  throw new Error(
    `Expected one of ${KUBELET_VERSIONS.join(', ')}, or another whole version such as 1.37.0, got ${minor}`,
  );
}

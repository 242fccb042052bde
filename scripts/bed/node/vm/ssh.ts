// Commands in a virtual machine, by ssh over one kept connection: a call then takes 0.15 s, even in an emulated one.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JOIN_AND_BECOME } from '../../host/processes.ts';
import { run } from '../../build/run.ts';
import type { Outcome, RunOptions } from '../../build/run.ts';
import { tool, ToolError } from '../../build/tool.ts';
import type { NodeRecord } from '../../lifecycle/record.ts';
import { NODE_ENVIRONMENT } from '../environment.ts';

/** Returns the path of the private key, whose public one is beside it as `.pub`. */
export function keyFile(nodeFolder: string): string {
  return join(nodeFolder, 'key');
}

export async function makeKey(nodeFolder: string): Promise<void> {
  await tool(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bed', '-f', keyFile(nodeFolder)]);
}

/** Runs a command in the machine as root, in /, with the environment of a service. A failed connection exits with 255. */
export async function bySsh(
  node: NodeRecord,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  // The end of the connection does not end the command.
  const limit =
    options.timeoutMs === undefined ? [] : ['timeout', '--signal=KILL', `${options.timeoutMs / 1000}`];
  const environment = Object.entries(NODE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const command = ['env', '--ignore-environment', ...environment, ...limit, ...argv];
  const remote = `cd / && exec ${command.map(quote).join(' ')}`;
  const { reject = true, ...rest } = options;
  const call = ['ssh', ...optionsFor(node), `root@${node.address}`, remote];
  const outcome = await inCgroup(node, call, { ...rest, reject: false }).catch((error: unknown) => {
    throw error instanceof ToolError ? new ToolError(argv, undefined, error.output, error) : error;
  });
  if (outcome.exitCode === 0 || !reject) return outcome;
  throw new ToolError(argv, outcome.exitCode, outcome.stdout + outcome.stderr, undefined);
}

/** Copies a file of this machine into the virtual one. */
export async function copyBySsh(node: NodeRecord, from: string, path: string): Promise<void> {
  await inCgroup(node, ['scp', '-q', ...optionsFor(node), from, `root@${node.address}:${path}`], {});
}

/** Removes what ssh leaves when it is killed. */
export async function removeConnection(node: NodeRecord): Promise<void> {
  await rm(controlSocket(node), { force: true });
}

/** The first call leaves a process that keeps the connection: in the node's control groups, so that it ends with the node. */
function inCgroup(node: NodeRecord, argv: readonly string[], options: RunOptions): Promise<Outcome> {
  return run(['sh', '-c', JOIN_AND_BECOME, 'sh', ...node.cgroups, '--', ...argv], options);
}

/** Of few characters, as a socket's path must be. */
function controlSocket({ machine }: NodeRecord): string {
  return `/run/${machine}.ssh`;
}

function optionsFor(node: NodeRecord): readonly string[] {
  const settings = {
    BatchMode: 'yes',
    // The bridge is this machine's own, and the keys are made with each bed.
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
    LogLevel: 'ERROR',
    // An emulated machine beside other work answers late.
    ConnectTimeout: '60',
    ControlMaster: 'auto',
    ControlPath: controlSocket(node),
    ControlPersist: 'yes',
    // A machine whose kernel has crashed does not close its connections.
    ServerAliveInterval: '10',
    ServerAliveCountMax: '12',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', '/dev/null', '-i', keyFile(node.folder), ...options];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

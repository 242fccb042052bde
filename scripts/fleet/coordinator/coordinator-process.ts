// Runs the coordinator as its Deployment does: the bundle with the manifest's command line and number of replicas, each in a
// process that finds its ServiceAccount's folder where a pod has it.

import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../agent/cluster/http/json.ts';
import { bundle } from '../../build.ts';
import type { Bed } from '../../bed/bed.ts';
import { readRecord } from '../../bed/lifecycle/record.ts';
import { makeCgroup } from '../../bed/host/cgroups.ts';
import { pkiFolder } from '../../bed/control-plane/pki.ts';
import { isAlive, type ProcessId, startDaemon } from '../../bed/host/processes.ts';
import { AGENT_NAMESPACE } from '../../kubernetes/names.ts';
import type { Admin } from '../../bed/control-plane/admin.ts';
import { type Program, programWith } from './deployment.ts';
import { ourImage } from './dockerfile.ts';
import { freePort } from '../../bed/util/free-port.ts';
import { type Usage, usageOf } from './process-figures.ts';
import { tokenOfNewPod } from '../api/token.ts';

export interface Coordinator {
  /** Returns the usage of the replica with the largest peak memory, which is the leader. Throws when one has exited. */
  usage(): Promise<Usage>;
  /** Node's options in its command line. */
  readonly nodeFlags: readonly string[];
  readonly replicas: readonly Replica[];
  /** Where each replica serves its metrics. */
  readonly metricsPorts: readonly number[];
}

export interface Replica {
  readonly id: ProcessId;
  readonly metricsPort: number;
  /** Epoch ms of its start. */
  readonly startedAt: number;
}

/** The API server that the coordinator talks to, and where its processes stand. */
export interface Ground {
  readonly folder: string;
  readonly server: string;
  /** Its processes are in groups below these, with the memory that the manifest allows, and end with them. */
  readonly cgroups: readonly string[];
  /** Returns the token of a replica's pod. */
  readonly token: (program: Program, pod: string) => Promise<string>;
}

const PROGRAM = '/app/kubelet-sysctls.mjs';
const ACCOUNT_FOLDER = '/run/secrets/kubernetes.io/serviceaccount';
/** Runs in a mount namespace with its own /run, which has the account's files and the given folders. */
const IN_A_POD = `set -e
mount -t tmpfs tmpfs /run
mkdir -p ${ACCOUNT_FOLDER}
cp "$1"/* ${ACCOUNT_FOLDER}
shift
while [ "$1" != -- ]; do mkdir -p "$1"; shift; done
shift
exec "$@"`;

/** Returns the program of the Deployment in the cluster. Throws when none runs a coordinator. */
export async function deployedProgram(admin: Admin): Promise<Program> {
  return coordinatorIn(await admin.send('GET', `/apis/apps/v1/namespaces/${AGENT_NAMESPACE}/deployments`));
}

/** Returns the program of the coordinator's Deployment in this list. Throws when none runs a coordinator. */
export function coordinatorIn(list: JsonObject): Program {
  const program = programWith('coordinator', list, ourImage());
  if (program === undefined) throw new Error('Expected a Deployment that runs the coordinator, got none.');
  return program;
}

/** Returns where a bed's coordinator runs. */
export function groundOf(bed: Pick<Bed, 'name' | 'folder' | 'server'>, admin: Admin): Ground {
  return {
    folder: bed.folder,
    server: bed.server,
    cgroups: readRecord(bed.name)?.cgroups ?? [],
    token({ serviceAccount, podSpec }, name) {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: podSpec };
      return tokenOfNewPod(admin, serviceAccount, pod);
    },
  };
}

/** Starts every replica of the program; they end with the ground's control groups. */
export async function startCoordinator(ground: Ground, program: Program): Promise<Coordinator> {
  const { folder } = ground;
  const file = join(folder, 'kubelet-sysctls.mjs');
  await writeFile(file, await bundle());
  const replicas = await Promise.all(
    Array.from({ length: program.replicas }, (_, at) => startReplica(ground, program, { file, at })),
  );
  return {
    replicas,
    metricsPorts: replicas.map(({ metricsPort }) => metricsPort),
    nodeFlags: program.argv.slice(1, program.argv.indexOf(PROGRAM)),
    async usage() {
      const ended = replicas.find(({ id }) => !isAlive(id));
      if (ended !== undefined)
        throw new Error(`Expected all coordinators to run, but one exited. See ${join(folder, 'log')}.`);
      const usages = await Promise.all(replicas.map(({ id }) => usageOf(id.pid)));
      return usages.reduce((most, each) => (each.peakBytes > most.peakBytes ? each : most));
    },
  };
}

async function startReplica(
  { folder, server, cgroups, token }: Ground,
  program: Program,
  { file, at }: { readonly file: string; readonly at: number },
): Promise<Replica> {
  const name = `coordinator-${at}`;
  const account = join(folder, name);
  await mkdir(account, { recursive: true });
  await Promise.all([
    writeFile(join(account, 'token'), await token(program, name), { mode: 0o600 }),
    writeFile(join(account, 'ca.crt'), await readFile(join(pkiFolder(folder), 'ca.crt'))),
    writeFile(join(account, 'namespace'), AGENT_NAMESPACE),
  ]);
  const argv = program.argv.map((word) =>
    word === 'node' ? process.execPath : word === PROGRAM ? file : word,
  );
  const folders = program.folders.filter((each) => each.startsWith('/run/'));
  const { hostname, port } = new URL(server);
  const metricsPort = await freePort();
  const startedAt = Date.now();
  const id = startDaemon({
    argv: ['unshare', '--mount', 'sh', '-c', IN_A_POD, 'sh', account, ...folders, '--', ...argv],
    cgroups: limitedGroups(cgroups, name, program.memoryBytes),
    logFile: join(folder, 'log', `${name}.log`),
    env: {
      ...program.env,
      METRICS_PORT: String(metricsPort),
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
    },
  });
  return { id, metricsPort, startedAt };
}

/** Makes a control group below each of these, with the limit of its container where a hierarchy has one for memory. */
function limitedGroups(
  parents: readonly string[],
  name: string,
  memoryBytes: number | undefined,
): readonly string[] {
  const groups = parents.map((parent) => join(parent, name));
  makeCgroup(groups);
  for (const file of groups.map((group) => join(group, 'memory.limit_in_bytes'))) {
    if (memoryBytes !== undefined && existsSync(file)) writeFileSync(file, String(memoryBytes));
  }
  return groups;
}

// Runs the coordinator as its Deployment does: the bundle with the manifest's command line and number of replicas, each in a
// process that finds its ServiceAccount's folder where a pod has it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../build.ts';
import type { Bed } from '../../bed/bed.ts';
import { pkiFolder } from '../../bed/control-plane/pki.ts';
import { isAlive, type ProcessId, startDaemon } from '../../bed/host/processes.ts';
import { readRecord } from '../../bed/lifecycle/record.ts';
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
  /** Where each replica serves its metrics. */
  readonly metricsPorts: readonly number[];
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

/** Starts the coordinator of the bed's manifests; its processes end with the bed. Throws when no Deployment runs a coordinator. */
export async function startCoordinator(bed: Bed, admin: Admin): Promise<Coordinator> {
  const list = await admin.send('GET', `/apis/apps/v1/namespaces/${AGENT_NAMESPACE}/deployments`);
  const program = programWith('coordinator', list, ourImage());
  if (program === undefined) throw new Error('Expected a Deployment that runs the coordinator, got none.');
  const file = join(bed.folder, 'kubelet-sysctls.mjs');
  await writeFile(file, await bundle());
  const replicas = await Promise.all(
    Array.from({ length: program.replicas }, (_, at) => startReplica(bed, admin, program, { file, at })),
  );
  return {
    metricsPorts: replicas.map(({ metricsPort }) => metricsPort),
    nodeFlags: program.argv.slice(1, program.argv.indexOf(PROGRAM)),
    async usage() {
      const ended = replicas.find(({ id }) => !isAlive(id));
      if (ended !== undefined)
        throw new Error(`Expected all coordinators to run, but one exited. See ${join(bed.folder, 'log')}.`);
      const usages = await Promise.all(replicas.map(({ id }) => usageOf(id.pid)));
      return usages.reduce((most, each) => (each.peakBytes > most.peakBytes ? each : most));
    },
  };
}

interface Replica {
  readonly id: ProcessId;
  readonly metricsPort: number;
}

async function startReplica(
  bed: Bed,
  admin: Admin,
  program: Program,
  { file, at }: { readonly file: string; readonly at: number },
): Promise<Replica> {
  const name = `coordinator-${at}`;
  const account = join(bed.folder, name);
  await mkdir(account, { recursive: true });
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: program.podSpec };
  const token = await tokenOfNewPod(admin, program.serviceAccount, pod);
  await Promise.all([
    writeFile(join(account, 'token'), token, { mode: 0o600 }),
    writeFile(join(account, 'ca.crt'), await readFile(join(pkiFolder(bed.folder), 'ca.crt'))),
    writeFile(join(account, 'namespace'), AGENT_NAMESPACE),
  ]);
  const argv = program.argv.map((word) =>
    word === 'node' ? process.execPath : word === PROGRAM ? file : word,
  );
  const folders = program.folders.filter((folder) => folder.startsWith('/run/'));
  const { hostname, port } = new URL(bed.server);
  const metricsPort = await freePort();
  const id = startDaemon({
    argv: ['unshare', '--mount', 'sh', '-c', IN_A_POD, 'sh', account, ...folders, '--', ...argv],
    cgroups: readRecord(bed.name)?.cgroups ?? [],
    logFile: join(bed.folder, 'log', `${name}.log`),
    env: {
      ...program.env,
      METRICS_PORT: String(metricsPort),
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
    },
  });
  return { id, metricsPort };
}

// Runs etcd, the API server, the controller manager and the scheduler as processes of the machine.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_SERVICE, apiServer, machineAddress } from '../network/addresses.ts';
import { apiGet } from './api.ts';
import { auditPolicyFile, componentFlags } from './control-plane-flags.ts';
import type { Component } from './control-plane-flags.ts';
import { kubernetesBinary } from '../build/kubernetes.ts';
import { issue, kubeconfig, makeAuthority } from './pki.ts';
import { endProcess, isAlive, startDaemon } from '../host/processes.ts';
import type { Log } from '../util/progress.ts';
import { bedFolder, readRecord, updateRecord } from '../lifecycle/record.ts';
import type { BedRecord } from '../lifecycle/record.ts';
import { until } from '../util/until.ts';

/** On SIGTERM the API server waits up to a minute for clients to close their watches. */
const API_SERVER_GRACE_MS = 3000;
const READY_TIMEOUT_MS = 90_000;

/** Makes keys, certificates and the kubeconfigs of all clients. */
export async function prepareControlPlane(record: BedRecord): Promise<void> {
  const folder = bedFolder(record.name);
  const server = apiServer(record.slot);
  await makeAuthority(folder);
  const signer = (name: string, commonName: string, organisation?: string) =>
    issue(folder, name, { commonName, ...(organisation === undefined ? {} : { organisation }) });
  const [admin, manager, scheduler] = await Promise.all([
    signer('admin', 'kubernetes-admin', 'system:masters'),
    signer('controller-manager', 'system:kube-controller-manager'),
    signer('scheduler', 'system:kube-scheduler'),
    signer('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', 'system:masters'),
    issue(folder, 'apiserver', { commonName: 'kube-apiserver', names: serverNames(record.slot) }),
  ]);
  await Promise.all([
    writeConfig(adminConfig(folder), await kubeconfig(folder, server, 'admin', admin)),
    writeConfig(
      join(folder, 'controller-manager.conf'),
      await kubeconfig(folder, server, 'manager', manager),
    ),
    writeConfig(join(folder, 'scheduler.conf'), await kubeconfig(folder, server, 'scheduler', scheduler)),
    writeFile(auditPolicyFile(folder), AUDIT_POLICY),
    mkdir(join(folder, 'log'), { recursive: true }),
  ]);
}

/** Starts all four; resolves when the API server reports ready. */
export async function startControlPlane(record: BedRecord, log: Log): Promise<void> {
  await startApi(record, log);
  await startComponent(record, 'kube-controller-manager', log);
  await startComponent(record, 'kube-scheduler', log);
}

/** Starts only etcd and the API server; resolves when the API server reports ready. */
export async function startApi(record: BedRecord, log: Log): Promise<void> {
  await startComponent(record, 'etcd', log);
  await startApiServer(record, log);
}

/** Resolves when the API server reports ready; throws with the path of its log when it exits instead. */
export async function startApiServer(record: BedRecord, log: Log): Promise<void> {
  await startComponent(record, 'kube-apiserver', log);
  const folder = bedFolder(record.name);
  const running = () => isAlive(readRecord(record.name)?.controlPlane['kube-apiserver']);
  const ready = async (): Promise<boolean> => {
    if (!running())
      throw new Error(
        `Expected kube-apiserver to stay up, but it exited. See ${logFile(folder, 'kube-apiserver')}.`,
      );
    return (await apiGet(folder, apiServer(record.slot), '/readyz').catch(() => undefined))?.status === 200;
  };
  if (!(await until(ready, { timeoutMs: READY_TIMEOUT_MS, everyMs: 100 }))) {
    throw new Error(
      `Expected the API server to be ready within ${READY_TIMEOUT_MS / 1000} s. See ${logFile(folder, 'kube-apiserver')}.`,
    );
  }
}

/** Resolves when the process has exited and its port is free. */
export async function stopApiServer(record: BedRecord): Promise<void> {
  await endProcess(record.controlPlane['kube-apiserver'], API_SERVER_GRACE_MS);
}

export function adminConfig(folder: string): string {
  return join(folder, 'kubeconfig');
}

async function startComponent(record: BedRecord, component: Component, log: Log): Promise<void> {
  const folder = bedFolder(record.name);
  const binary = component === 'etcd' ? 'etcd' : await kubernetesBinary(component, record.version, log);
  const argv = [binary, ...(await componentFlags(component, record, folder))];
  const cgroups = record.cgroups;
  updateRecord(record.name, (current) => ({
    ...current,
    controlPlane: {
      ...current.controlPlane,
      [component]: startDaemon({ argv, cgroups, logFile: logFile(folder, component) }),
    },
  }));
}

function logFile(folder: string, component: Component): string {
  return join(folder, 'log', `${component}.log`);
}

async function writeConfig(path: string, content: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
`;

function serverNames(slot: number): readonly string[] {
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'];
  const addresses = ['127.0.0.1', machineAddress(slot), API_SERVICE.address];
  return [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)];
}

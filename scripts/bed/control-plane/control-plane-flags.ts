// The command lines of the control plane's programs.

import { join } from 'node:path';
import { API_PORT, etcdClient, etcdPeer, machineAddress, SERVICE_NETWORK } from '../network/addresses.ts';
import { pkiFolder } from './pki.ts';
import type { BedRecord } from '../lifecycle/record.ts';
import { run } from '../build/run.ts';

export type Component = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

/** Returns the arguments of one program; `folder` is the bed's. */
export async function componentFlags(
  component: Component,
  record: BedRecord,
  folder: string,
): Promise<readonly string[]> {
  return FLAGS[component](record, folder);
}

export function auditPolicyFile(folder: string): string {
  return join(folder, 'audit-policy.yaml');
}

const FLAGS: Readonly<Record<Component, (record: BedRecord, folder: string) => Promise<readonly string[]>>> =
  {
    etcd: async ({ slot }, folder) => [...etcdFlags(slot, folder), ...(await flagsWhereKnown())],
    'kube-apiserver': async ({ slot, audit }, folder) => [
      ...apiServerFlags(slot, folder),
      ...(audit ? auditFlags(folder) : []),
    ],
    'kube-controller-manager': async (_record, folder) => [
      `--kubeconfig=${join(folder, 'controller-manager.conf')}`,
      `--service-account-private-key-file=${join(pkiFolder(folder), 'sa.key')}`,
      `--root-ca-file=${join(pkiFolder(folder), 'ca.crt')}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port=0',
    ],
    'kube-scheduler': async (_record, folder) => [
      `--kubeconfig=${join(folder, 'scheduler.conf')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
  };

function etcdFlags(slot: number, folder: string): readonly string[] {
  return [
    '--name=bed',
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcdClient(slot)}`,
    `--advertise-client-urls=${etcdClient(slot)}`,
    `--listen-peer-urls=${etcdPeer(slot)}`,
    `--initial-advertise-peer-urls=${etcdPeer(slot)}`,
    `--initial-cluster=bed=${etcdPeer(slot)}`,
  ];
}

/** Flags that are passed only when etcd has them: Debian 12 ships 3.4. */
const ETCD_FLAGS_WHERE_KNOWN = [
  // A bed that a power cut destroys is recreated.
  '--unsafe-no-fsync',
  // As kubeadm sets it: without it the API server sends no bookmarks on idle watches.
  '--experimental-watch-progress-notify-interval=5s',
];

async function flagsWhereKnown(): Promise<readonly string[]> {
  const { stdout, stderr } = await run(['etcd', '--help'], { reject: false });
  const help = `${stdout}${stderr}`;
  return ETCD_FLAGS_WHERE_KNOWN.filter((flag) => help.includes(flag.replace(/=.*/u, '')));
}

function apiServerFlags(slot: number, folder: string): readonly string[] {
  const pki = pkiFolder(folder);
  return [
    `--etcd-servers=${etcdClient(slot)}`,
    `--bind-address=${machineAddress(slot)}`,
    `--advertise-address=${machineAddress(slot)}`,
    `--secure-port=${API_PORT}`,
    '--permit-address-sharing=true',
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    '--kubelet-preferred-address-types=InternalIP',
    `--service-account-key-file=${pki}/sa.key`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-cluster-ip-range=${SERVICE_NETWORK}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
  ];
}

function auditFlags(folder: string): readonly string[] {
  return [
    `--audit-policy-file=${auditPolicyFile(folder)}`,
    `--audit-log-path=${join(folder, 'log', 'audit.log')}`,
  ];
}

// The host's own service on a node, installed as docs/how-to/host-service.md says.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';
import { HOST_SERVICE_LABEL } from '../../../../agent/names.ts';
import { makeExecutable } from '../../../../scripts/executable.ts';
import { refuse, refuseNothing, useFaultyKubelet } from '../../../../scripts/node/faulty-kubelet.ts';
import type { KubeletNow } from '../../../../scripts/node/kubelet.ts';
import type { TestNode } from '../../../../scripts/node/test-node.ts';

export const SERVICE = 'kubelet-sysctl-agent.service';
export const ONE_SHOT = 'kubelet-sysctl-agent-apply.service';
const UNITS = join(import.meta.dirname, '../../../../daemonset/host');
const UNITS_FOLDER = '/etc/systemd/system';
const PROGRAM = '/usr/local/bin/kubelet-sysctls';
const POLICY_FOLDER = '/etc/kubelet-sysctl-agent';
/** Of a container; times the node's slowness. So that a test need not wait two minutes for the watchdog. */
const WATCHDOG_SECONDS = 8;
/** In a container with cgroup v1 systemd is not told that a unit's last process is gone, and waits for this time. */
const STOP_SECONDS = 5;

export interface ServiceNow {
  readonly activeState: string;
  /** What `systemctl status` shows as Status. */
  readonly status: string;
  readonly mainPid: number;
  readonly restarts: number;
}

/** Installs program and units on the node, and starts nothing. Returns what removes all of it. */
export async function installService(node: TestNode): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'host-service-'));
  try {
    const program = join(folder, 'kubelet-sysctls');
    await makeExecutable(program);
    await node.bedNode.files.copyIn(program, PROGRAM, 0o755);
  } finally {
    await rm(folder, { recursive: true });
  }
  await installLibatomic(node);
  for (const unit of [SERVICE, ONE_SHOT]) {
    await node.write(readFileSync(join(UNITS, unit)), `${UNITS_FOLDER}/${unit}`);
  }
  await node.write(shortTimes(node), `${UNITS_FOLDER}/${SERVICE}.d/short.conf`);
  await node.exec(['systemctl', 'daemon-reload']);
  return async () => {
    await node.bedNode.exec(['systemctl', 'disable', '--now', SERVICE, ONE_SHOT], { reject: false });
    for (const unit of [SERVICE, ONE_SHOT]) await node.remove(`${UNITS_FOLDER}/${unit}`);
    for (const path of [`${UNITS_FOLDER}/${SERVICE}.d`, POLICY_FOLDER, PROGRAM]) await node.remove(path);
    await node.exec(['systemctl', 'daemon-reload']);
  };
}

function shortTimes({ bedNode: { slowness } }: TestNode): string {
  const [watchdog, stop] = [WATCHDOG_SECONDS, STOP_SECONDS].map(
    (seconds) => `${Math.ceil(seconds * slowness)}s`,
  );
  return `[Service]\nWatchdogSec=${watchdog}\nRestartSec=1s\nTimeoutStopSec=${stop}\n`;
}

/** The node has no network to install the package from: its library is this machine's. */
async function installLibatomic(node: TestNode): Promise<void> {
  const { stdout } = await execa('ldd', [process.execPath]);
  const path = /libatomic\.so\.1 => (?<path>\S+)/u.exec(stdout)?.groups?.['path'];
  if (path === undefined) return;
  await node.write(readFileSync(path), path);
}

/** Leaves the node to the service, as docs/how-to/host-service.md says, until the returned function was called or the test ends. */
export async function labelForService({ name, world }: TestNode): Promise<() => Promise<void>> {
  const label = (word: string): Promise<unknown> =>
    world.bed.kubectl(['label', '--overwrite', 'node', name, `${HOST_SERVICE_LABEL}${word}`]);
  const unlabel = async (): Promise<void> => void (await label('-'));
  onTestFinished(unlabel);
  await label('=true');
  return unlabel;
}

/** Replaces the policy by a rename, as an editor does; `more` is text of further keys. */
export async function editPolicy(node: TestNode, names: readonly string[], more = ''): Promise<void> {
  const lines = ['apiVersion: v1', 'kind: ConfigMap', 'data:', `  allowedUnsafeSysctls: "${names.join()}"`];
  await writePolicy(node, `${lines.join('\n')}\n  nodeSoakSeconds: "1"\n${more}`);
}

/** Replaces the policy's file by a rename with any text. */
export async function writePolicy(node: TestNode, text: string): Promise<void> {
  const path = `${POLICY_FOLDER}/policy.yaml`;
  await node.write(text, `${path}.new`);
  await node.exec(['mv', `${path}.new`, path]);
}

export async function serviceOn(node: TestNode): Promise<ServiceNow> {
  const properties = ['ActiveState', 'StatusText', 'MainPID', 'NRestarts'];
  const { stdout } = await node.exec(['systemctl', 'show', SERVICE, `--property=${properties.join()}`]);
  const valueOf = (key: string): string => new RegExp(`^${key}=(.*)$`, 'mu').exec(stdout)?.[1] ?? '';
  return {
    activeState: valueOf('ActiveState'),
    status: valueOf('StatusText'),
    mainPid: Number(valueOf('MainPID')),
    restarts: Number(valueOf('NRestarts')),
  };
}

/** Resolves with the service as soon as its status matches. */
export function awaitStatus(node: TestNode, status: RegExp): Promise<ServiceNow> {
  return node.waitFor({ what: `have a service with the status ${status}` }, async () => {
    const now = await serviceOn(node);
    return now.activeState === 'active' && status.test(now.status) ? now : undefined;
  });
}

/** Returns the unit's journal since the node's boot. */
export async function journalOf(node: TestNode, unit: string): Promise<string> {
  return (await node.exec(['journalctl', '--boot', '--no-pager', '--output=cat', `--unit=${unit}`])).stdout;
}

/** Returns the list in the kubelet's last argument; undefined: that is another one. */
export function listOf({ argv }: KubeletNow): string | undefined {
  return /^--allowed-unsafe-sysctls=(.*)$/u.exec(argv.at(-1) ?? '')?.[1];
}

/** Expects the service, Done with `name`, to roll back the edit that adds `bad`, with which the kubelet does not start, and to say why. */
export async function expectRollback(
  node: TestNode,
  { name, bad, why }: { readonly name: string; readonly bad: string; readonly why: RegExp },
): Promise<void> {
  await useFaultyKubelet(node);
  await awaitStatus(node, /^Done: /u);
  const before = await node.text();
  await refuse(node, { names: [name, bad] });
  await editPolicy(node, [name, bad]);
  await awaitStatus(node, why);
  expect(await node.text()).toBe(before);
  expect(listOf(await node.kubelet())).toBe(name);
  await refuseNothing(node);
}

/** Expects the watchdog to end the service when it hangs, and its next process to leave the kubelet as it is. */
export async function expectWatchdog(node: TestNode): Promise<void> {
  const { mainPid, restarts } = await serviceOn(node);
  const kubelet = await node.kubelet();
  await node.exec(['kill', '-STOP', String(mainPid)]);
  await node.waitFor({ what: 'have another process of the service' }, async () => {
    const now = await serviceOn(node);
    return now.restarts > restarts && now.mainPid !== mainPid && now.activeState === 'active'
      ? now
      : undefined;
  });
  expect(await journalOf(node, SERVICE)).toContain('Watchdog timeout');
  await awaitStatus(node, /^Done: /u);
  expect(await node.kubelet()).toEqual(kubelet);
}

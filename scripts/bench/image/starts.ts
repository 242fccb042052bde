// The time from the start of the agent's container to its first report on the Node.

import { readFile } from 'node:fs/promises';
import { KEYS } from '../../../agent/names.ts';
import type { Image } from '../../bed/images/image-build.ts';
import { AGENT_DAEMON_SET, AGENT_NAMESPACE, AGENT_PODS } from '../../kubernetes/names.ts';
import { agentOn, type Ground } from '../ground.ts';

/** No node has this label. */
const NOWHERE = { 'kubelet-sysctl-agent.example/bench': 'nowhere' };
const MS_PER_TICK = 10;

/** Starts an agent of this image on the measured node, where none has reported, and returns the time in ms. */
export async function startOnce({ bed, node, admin, watch }: Ground, image: Image): Promise<number> {
  const daemonSet = async (spec: object): Promise<unknown> =>
    admin.send('PATCH', `/apis/apps/v1/namespaces/${AGENT_NAMESPACE}/daemonsets/${AGENT_DAEMON_SET}`, {
      spec: { template: { spec } },
    });
  await daemonSet({ nodeSelector: NOWHERE });
  const kubectl = async (...args: readonly string[]): Promise<unknown> =>
    bed.kubectl(['--namespace', AGENT_NAMESPACE, ...args]);
  await kubectl('wait', '--for=delete', 'pods', '--selector', AGENT_PODS, '--timeout=60s');
  await admin.send('PATCH', `/api/v1/nodes/${node.name}`, {
    metadata: { annotations: { [KEYS.state]: null } },
  });
  await watch.settles('be without a report', (annotations) => annotations[KEYS.state] === undefined);

  const reported = watch.shows('report', (annotations) => annotations[KEYS.state] !== undefined);
  await kubectl('set', 'image', `daemonset/${AGENT_DAEMON_SET}`, `agent=${image.reference}`);
  await daemonSet({ nodeSelector: Object.fromEntries(Object.keys(NOWHERE).map((label) => [label, null])) });
  const at = await reported;
  // The pod's status names the container only after a while.
  await kubectl('rollout', 'status', `daemonset/${AGENT_DAEMON_SET}`, '--timeout=60s');
  return at - (await startOf((await agentOn(bed, node.name)).pid));
}

/** Returns when a process of this machine was started, as performance.now() has it, to 10 ms. */
async function startOf(pid: number): Promise<number> {
  const [stat, uptime] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/uptime', 'utf8'),
  ]);
  return performance.now() - (Number(uptime.split(' ')[0]) * 1000 - startTicks(stat) * MS_PER_TICK);
}

/** Returns field 22 of the text of /proc/PID/stat, in hundredths of a second since the boot. */
export function startTicks(stat: string): number {
  // The second field, the name in parentheses, may have spaces.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

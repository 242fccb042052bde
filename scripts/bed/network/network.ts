// The machine's side of a bed's network: a bridge, and the firewall rules that let bridged frames pass.

import { existsSync, readFileSync } from 'node:fs';
import { machineAddress, nodeAddress, podNetwork } from './addresses.ts';
import { inNode, machineOf } from '../node/machines.ts';
import type { BedRecord, NodeRecord } from '../lifecycle/record.ts';
import { run } from '../build/run.ts';

/** Makes the bridge with the machine's address on it. */
export async function makeBridge(bridge: string, slot: number): Promise<void> {
  await run(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  await run(['ip', 'address', 'add', `${machineAddress(slot)}/24`, 'dev', bridge]);
  await run(['ip', 'link', 'set', bridge, 'up']);
}

/** Adds the routes between all nodes' pods and the machine, after `booted` has booted. */
export async function connectPods({ slot, bridge, nodes }: BedRecord, booted: string): Promise<void> {
  const route = (node: NodeRecord, device: string) =>
    `route replace ${podNetwork(slot, node.index)} via ${nodeAddress(slot, node.index)} dev ${device}\n`;
  await run(['ip', '-batch', '-'], { input: nodes.map((node) => route(node, bridge)).join('') });
  const running = nodes.filter((node) => machineOf(node).isOn(node));
  await Promise.all(
    running.map((node) => {
      const others = nodes.filter((other) => other.index !== node.index);
      // A node that is booting may have no network yet: it gets its routes at the end of its boot.
      return inNode(node, ['ip', '-batch', '-'], {
        input: others.map((other) => route(other, 'eth0')).join(''),
        reject: node.spec.name === booted,
      });
    }),
  );
}

/** Removes the bridge and every link on it: a cable survives a killed node. */
export async function removeBridge(bridge: string): Promise<void> {
  for (const link of [...(await linksOn(bridge)), bridge]) {
    await run(['ip', 'link', 'delete', link], { reject: false });
  }
}

export async function linksOn(bridge: string): Promise<readonly string[]> {
  if (!existsSync(`/sys/class/net/${bridge}`)) return [];
  const { stdout } = await run(['ip', '-oneline', 'link', 'show', 'master', bridge]);
  return stdout.split('\n').flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);
}

/**
 * Returns the iptables arguments of the rules that a bed needs, without the leading -I or -D. With br_netfilter loaded (as by
 * Docker), frames between two nodes pass the machine's FORWARD chain, whose policy is then usually DROP.
 */
export function firewallRules(bridge: string): readonly (readonly string[])[] {
  if (!bridgedFramesAreFiltered()) return [];
  return [['FORWARD', '--in-interface', bridge, '--out-interface', bridge, '--jump', 'ACCEPT']];
}

export async function insertRule(rule: readonly string[]): Promise<void> {
  await run(['iptables', '--wait', '--insert', ...rule]);
}

function bridgedFramesAreFiltered(): boolean {
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

// The kubelet process of a node, as systemd and /proc show it.

import type { BedNode } from '../bed/bed.ts';

export interface KubeletNow {
  /** `active` while it runs. */
  readonly activeState: string;
  /** Process id in the node's namespace; 0 while none runs. */
  readonly mainPid: number;
  /** systemd's id of this start of the unit. */
  readonly invocationId: string;
  /** Empty while none runs. */
  readonly argv: readonly string[];
}

export async function kubeletOn(node: Pick<BedNode, 'exec' | 'files'>): Promise<KubeletNow> {
  const properties = ['ActiveState', 'MainPID', 'InvocationID'];
  const { stdout } = await node.exec(['systemctl', 'show', 'kubelet', `--property=${properties.join(',')}`]);
  const shown = new Map(stdout.split('\n').map((line): [string, string] => splitOnce(line)));
  const mainPid = Number(shown.get('MainPID') ?? 0);
  return {
    activeState: shown.get('ActiveState') ?? '',
    mainPid,
    invocationId: shown.get('InvocationID') ?? '',
    argv: mainPid === 0 ? [] : await argvOf(node, mainPid),
  };
}

/** Returns status line and body of the kubelet's healthz, or the error. */
export async function healthz(node: Pick<BedNode, 'exec'>): Promise<string> {
  const ask = 'exec 3<>/dev/tcp/127.0.0.1/10248; printf "GET /healthz HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3';
  const { stdout, stderr, exitCode } = await node.exec(['bash', '-c', ask], { reject: false });
  return exitCode === 0 ? stdout : `${stdout}(bash exited with ${exitCode}: ${stderr})`;
}

async function argvOf(node: Pick<BedNode, 'files'>, pid: number): Promise<readonly string[]> {
  // The process may exit meanwhile.
  const text = await node.files.read(`/proc/${pid}/cmdline`).catch(() => undefined);
  return text?.toString().split('\0').slice(0, -1) ?? [];
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

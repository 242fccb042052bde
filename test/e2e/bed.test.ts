import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asContainer, BedInUseError, openBed, startBed } from '../../scripts/bed/bed.ts';
import type { Bed, BedNode } from '../../scripts/bed/bed.ts';
import { pauseImage } from '../../scripts/bed/images/images.ts';
import { DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION } from '../../scripts/bed/build/kubernetes.ts';
import { consoleLog } from '../../scripts/bed/util/progress.ts';
import { until } from '../../scripts/bed/util/until.ts';
import { LENGTH } from './support/length.ts';
import { stillThere, tracesOf } from './support/bed-traces.ts';

// Two runs of this file on one machine must not share a bed.
const NAME = `bed-test-${process.pid}`;
const OWNED = `bed-owned-${process.pid}`;
const log = consoleLog();

/** Every other test that starts nodes relies on it. */
describe.runIf(LENGTH === 'long')('a bed of two nodes', () => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await startBed(
      {
        name: NAME,
        audit: true,
        nodes: [
          { name: 'full', layout: 'deb-full', files: { '/etc/existing/file': 'before the first boot\n' } },
          { name: 'old', layout: 'rpm', kubelet: OLDEST_KUBELET_VERSION },
        ],
      },
      log,
    );
  });
  afterAll(() => bed.down());

  it('has Ready nodes with the kubelets that were asked for', async () => {
    const { stdout } = await bed.kubectl(['get', 'nodes', '--output', 'json']);
    expect(nodeVersions(stdout)).toEqual({
      full: `v${DEFAULT_KUBERNETES_VERSION}`,
      old: `v${OLDEST_KUBELET_VERSION}`,
    });
  });

  it('starts each kubelet with the arguments of its layout', async () => {
    expect(await kubeletArguments(bed, 'full')).toEqual(
      expect.arrayContaining(['--node-labels=team=a,zone=b', '--max-pods', '60']),
    );
    expect(await kubeletArguments(bed, 'old')).not.toContain('--max-pods');
    const [full, old] = [bed.node('full').files, bed.node('old').files];
    expect(String(await old.read('/etc/sysconfig/kubelet'))).toBe('KUBELET_EXTRA_ARGS=\n');
    expect(await full.read('/etc/sysconfig/kubelet')).toBeUndefined();
    expect(String(await full.read('/etc/existing/file'))).toBe('before the first boot\n');
  });

  it('refuses a pod whose sysctl no kubelet allows, and runs one whose sysctl is safe', async () => {
    const { reference } = await pauseImage(log);
    const pods = bed.nodes.flatMap(({ name }) => [
      pod(`unsafe-${name}`, name, reference, 'net.core.somaxconn', '4096'),
      pod(`safe-${name}`, name, reference, 'net.ipv4.ip_unprivileged_port_start', '0'),
    ]);
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods });
    await bed.kubectl(['create', '--filename', '-'], { input });
    for (const { name } of bed.nodes) {
      await bed.kubectl(['wait', `pod/safe-${name}`, '--for=condition=Ready', '--timeout=60s']);
      await bed.kubectl([
        'wait',
        `pod/unsafe-${name}`,
        '--for=jsonpath={.status.phase}=Failed',
        '--timeout=60s',
      ]);
      const { stdout } = await bed.kubectl([
        'get',
        'pod',
        `unsafe-${name}`,
        '--output=jsonpath={.status.reason}',
      ]);
      expect(stdout).toBe('SysctlForbidden');
    }
  });

  it('refuses a second bed of its name while it is up, and can be opened by its name', async () => {
    await expect(startBed({ name: NAME, nodes: [] }, log)).rejects.toBeInstanceOf(BedInUseError);
    const opened = await openBed(NAME);
    expect(leaders(opened?.nodes ?? [])).toEqual(leaders(bed.nodes));
    expect(await openBed('no-such-bed')).toBeUndefined();
  });

  it('returns the output and the exit status of a command in a node', async () => {
    const node = bed.node('full');
    expect(await node.exec(['sh', '-c', 'cat; exit 3'], { input: 'in', reject: false })).toMatchObject({
      stdout: 'in',
      exitCode: 3,
    });
    await expect(node.exec(['false'])).rejects.toMatchObject({ exitCode: 1 });
    await expect(node.exec(['sleep', '4242'], { timeoutMs: 300 })).rejects.toThrow(/sleep/);
    expect((await node.exec(['pgrep', '-f', 'sleep 4242'], { reject: false })).stdout).toBe('');
  });

  it("keeps a node's disk through a power cut, a shutdown and a reboot from within", async () => {
    const node = asContainer(bed.node('old'));
    await node.exec(['sh', '-c', 'echo stays >/etc/mark; sync']);
    await node.kill();
    expect(() => node.leader).toThrow(/off/);
    expect(String(await node.files.read('/etc/mark'))).toBe('stays\n');
    await node.boot();
    await node.powerOff();
    await node.boot();
    const before = node.leader;
    await node.reboot();
    expect(node.leader).not.toBe(before);
    expect(String(await node.files.read('/etc/mark'))).toBe('stays\n');
  });

  it('adds a node and removes it', async () => {
    const late = await bed.addNode({ name: 'late', layout: 'drop-in-environment' }, log);
    expect(await kubeletArguments(bed, 'late')).toContain('--v=3');
    expect((await late.exec(['ctr', '-n', 'k8s.io', 'images', 'list', '-q'])).stdout).toContain('pause');
    await bed.removeNode('late');
    expect(nodeVersions((await bed.kubectl(['get', 'nodes', '--output', 'json'])).stdout)).not.toHaveProperty(
      'late',
    );
    expect(bed.nodes.map(({ name }) => name)).toEqual(['full', 'old']);
  });

  it('stops and starts its API server on the same address', async () => {
    await bed.stopApiServer();
    const { exitCode } = await bed.kubectl(['get', 'nodes', '--request-timeout=2s'], { reject: false });
    expect(exitCode).not.toBe(0);
    await bed.startApiServer();
    expect((await bed.kubectl(['get', '--raw', '/readyz'])).stdout).toBe('ok');
  });

  it('writes an audit log when it is asked to', () => {
    expect(readFileSync(join(bed.folder, 'log', 'audit.log'), 'utf8')).toContain('"level":"Metadata"');
  });
});

it.runIf(LENGTH === 'long')('a bed leaves nothing on the machine after down', async () => {
  const bed = await startBed({ name: NAME, nodes: [{ name: 'n1', layout: 'deb-missing' }] }, log);
  const traces = tracesOf(NAME);
  expect(await stillThere(traces)).not.toEqual([]);
  await bed.down();
  expect(await stillThere(traces)).toEqual([]);
});

it.runIf(LENGTH === 'long')(
  'a bed is removed when the process that started it dies for any reason',
  async () => {
    const owner = execa(process.execPath, [join(import.meta.dirname, 'support/bed-owner.ts'), OWNED], {
      reject: false,
    });
    await new Promise((resolve) => owner.stdout.once('data', resolve));
    const traces = tracesOf(OWNED);
    expect(await stillThere(traces)).not.toEqual([]);
    owner.kill('SIGKILL');
    await owner;
    await until(async () => (await stillThere(traces)).length === 0, SOON);
    expect(await stillThere(traces)).toEqual([]);
  },
);

const SOON = { timeoutMs: 30_000, everyMs: 200 };

function leaders(nodes: readonly BedNode[]): readonly (readonly [string, number])[] {
  return nodes.map((node) => [node.name, asContainer(node).leader]);
}

async function kubeletArguments(bed: Bed, node: string): Promise<readonly string[]> {
  const script = 'cat /proc/$(systemctl show --property MainPID --value kubelet)/cmdline';
  const { stdout } = await bed.node(node).exec(['sh', '-c', script]);
  return stdout.split('\0');
}

function nodeVersions(json: string): Readonly<Record<string, string>> {
  const list: NodeList = JSON.parse(json);
  return Object.fromEntries(
    list.items.map(({ metadata, status }) => [metadata.name, status.nodeInfo.kubeletVersion]),
  );
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly nodeInfo: { readonly kubeletVersion: string } };
  }[];
}

function pod(name: string, nodeName: string, image: string, sysctl: string, value: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      securityContext: { sysctls: [{ name: sysctl, value }] },
      containers: [{ name: 'pause', image }],
    },
  };
}

import { mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { layoutFiles, LAYOUTS } from '../../../../scripts/bed/node/layouts.ts';
import type { Layout } from '../../../../scripts/bed/node/layouts.ts';
import { writeNodeFiles } from '../../../../scripts/bed/node/node-files.ts';
import type { NodePlan } from '../../../../scripts/bed/node/node-files.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-files-'));
});
afterEach(() => rm(root, { recursive: true }));

function plan(changes: Partial<NodePlan> = {}): NodePlan {
  return {
    spec: { name: 'n1', layout: 'deb-missing' },
    slot: 3,
    index: 2,
    version: '1.37.2',
    cgroupVersion: 1,
    kubeconfig: 'kubeconfig',
    authority: 'certificate',
    pause: 'pause:1',
    ...changes,
  };
}

describe("the kubelet's config", () => {
  it.each([
    { version: '1.37.2', cgroupVersion: 1, has: true },
    { version: '1.31.14', cgroupVersion: 1, has: true },
    { version: '1.30.14', cgroupVersion: 1, has: false },
    { version: '1.37.2', cgroupVersion: 2, has: false },
  ] as const)('of $version on cgroup v$cgroupVersion has failCgroupV1: $has', async ({ has, ...changes }) => {
    await writeNodeFiles(root, plan(changes));
    const config = await readFile(join(root, 'var/lib/kubelet/config.yaml'), 'utf8');
    expect(parse(config)).toHaveProperty('kind', 'KubeletConfiguration');
    expect(config.includes('failCgroupV1: false')).toBe(has);
  });
});

it('a node registers with the given taints, and without taints by default', async () => {
  const config = join(root, 'var/lib/kubelet/config.yaml');
  const taints = [{ key: 'example.com/new', effect: 'NoSchedule' }];
  await writeNodeFiles(root, plan({ spec: { name: 'n1', layout: 'rpm', taints } }));
  expect(parse(await readFile(config, 'utf8'))).toMatchObject({ registerWithTaints: taints });
  await writeNodeFiles(root, plan());
  expect(parse(await readFile(config, 'utf8'))).not.toHaveProperty('registerWithTaints');
});

it("a node has its own address and pod network, and the caller's files take precedence", async () => {
  const spec = {
    name: 'n1',
    layout: 'rpm',
    files: { '/etc/sysconfig/kubelet': 'mine', '/new/file': 'x' },
  } as const;
  await writeNodeFiles(root, plan({ spec }));
  expect(await readFile(join(root, 'var/lib/kubelet/kubeadm-flags.env'), 'utf8')).toContain(
    '--node-ip=10.99.3.12',
  );
  expect(await readFile(join(root, 'etc/cni/net.d/10-bed.conflist'), 'utf8')).toContain('10.203.2.0/24');
  expect(await readFile(join(root, 'etc/sysconfig/kubelet'), 'utf8')).toBe('mine');
  expect(await readFile(join(root, 'new/file'), 'utf8')).toBe('x');
});

it('the kubelet is enabled as by its package', async () => {
  await writeNodeFiles(root, plan());
  const link = join(root, 'etc/systemd/system/multi-user.target.wants/kubelet.service');
  expect(await readlink(link)).toBe('/usr/lib/systemd/system/kubelet.service');
  expect((await stat(join(root, 'usr/local/lib/bed/prepare'))).mode & 0o111).toBe(0o111);
});

describe('a virtual machine', () => {
  const ofVm = plan({ spec: { name: 'n1', layout: 'rpm', machine: 'vm' }, cgroupVersion: 2 });

  it('has the systemd cgroup driver in the kubelet and in containerd', async () => {
    await writeNodeFiles(root, ofVm);
    expect(parse(await text('var/lib/kubelet/config.yaml'))).toMatchObject({ cgroupDriver: 'systemd' });
    expect(await text('etc/containerd/config.toml')).toContain('SystemdCgroup = true');
    await writeNodeFiles(root, plan());
    expect(parse(await text('var/lib/kubelet/config.yaml'))).toMatchObject({ cgroupDriver: 'cgroupfs' });
    expect(await text('etc/containerd/config.toml')).not.toContain('SystemdCgroup');
  });

  it('has a containerd that labels containers where SELinux enforces, and only there', async () => {
    await writeNodeFiles(
      root,
      plan({ spec: { ...ofVm.spec, system: 'debian13-selinux' }, cgroupVersion: 2 }),
    );
    expect(await text('etc/containerd/config.toml')).toContain('enable_selinux = true');
    await writeNodeFiles(root, ofVm);
    expect(await text('etc/containerd/config.toml')).toContain('enable_selinux = false');
  });

  it('waits for the driver of its network, which a container has from the start', async () => {
    const unit = 'usr/lib/systemd/system/bed-prepare.service';
    await writeNodeFiles(root, ofVm);
    expect(await text(unit)).toContain('After=sys-subsystem-net-devices-eth0.device');
    expect(await text('usr/local/lib/bed/prepare')).not.toMatch(/host0|remount/u);
    await writeNodeFiles(root, plan());
    expect(await text(unit)).not.toContain('eth0');
    expect(await text('usr/local/lib/bed/prepare')).toContain('ip link set host0 name eth0');
  });
});

async function text(path: string): Promise<string> {
  return readFile(join(root, path), 'utf8');
}

const DROP_IN = '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf';

it.each<[Layout, string]>([
  ['deb-missing', '/etc/default/kubelet'],
  ['deb-full', '/etc/default/kubelet'],
  ['rpm', '/etc/sysconfig/kubelet'],
  ['drop-in-environment', '/etc/default/kubelet'],
])('%s reads %s', (layout, path) => {
  expect(layoutFiles(layout)[DROP_IN]).toContain(`EnvironmentFile=-${path}\n`);
});

it('a layout without the file does not have it', () => {
  expect(layoutFiles('deb-missing')).not.toHaveProperty(['/etc/default/kubelet']);
  expect(layoutFiles('drop-in-environment')).not.toHaveProperty(['/etc/default/kubelet']);
  expect(layoutFiles('deb-full')['/etc/default/kubelet']).toContain('--max-pods 60');
  expect(layoutFiles('rpm')['/etc/sysconfig/kubelet']).toBe('KUBELET_EXTRA_ARGS=\n');
});

it('exactly one layout has a unit that does not use KUBELET_EXTRA_ARGS', () => {
  const without = LAYOUTS.filter((layout) => !layoutFiles(layout)[DROP_IN]?.includes('$KUBELET_EXTRA_ARGS'));
  expect(without).toEqual(['no-variable']);
});

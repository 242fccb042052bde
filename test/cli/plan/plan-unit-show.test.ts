import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../agent/cli/exit.ts';
import { planCommand } from '../../../agent/cli/plan/plan.ts';
import { printDropIn } from '../../../agent/kubelet/drop-in.ts';
import { execStart } from '../../kubelet/shown-units.ts';
import { kubeadmNode, NODES, type ShownNode } from './shown-nodes.ts';

const MAIN = fileURLToPath(new URL('plan-main.ts', import.meta.url));
const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn';
const CREATED = `KUBELET_EXTRA_ARGS=${FLAG}\n`;
const POLICY = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  allowedUnsafeSysctls: net.core.somaxconn\n';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-unit-show-test-'));
  writeFileSync(join(folder, 'policy.yaml'), POLICY);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A folder of its own with the node's files in it; a content that begins with `->` is a link. */
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(folder, 'root-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith('->')) symlinkSync(content.slice(2), join(root, path));
    else writeFileSync(join(root, path), content);
  }
  return root;
}

/** Runs the command in this process, and gives its exit code and what it wrote. */
async function plan(
  args: readonly string[],
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const command = planCommand({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  const status = await command.parseAsync([...policyArgs(), ...args], { from: 'user' }).then(
    () => 0,
    (error: unknown) => exitCodeOf(error) ?? 70,
  );
  return { status, ...written };
}

function policyArgs(): readonly string[] {
  return ['--config-map', join(folder, 'policy.yaml'), '--kubelet-version', '1.37.2'];
}

/** The JSON of the plan for a node, with the exit code. */
async function planned({ show, files }: ShownNode): Promise<unknown> {
  const root = rootWith({ ...files, '/unit.txt': show });
  const { status, stdout } = await plan([
    '--unit-show',
    join(root, 'unit.txt'),
    '--root',
    root,
    '--output',
    'json',
  ]);
  const answer = JSON.parse(stdout);
  const { contentBase64 } = answer;
  return {
    status,
    ...answer,
    ...(contentBase64 === undefined ? {} : { content: Buffer.from(contentBase64, 'base64').toString() }),
  };
}

describe('kubelet-sysctls plan --unit-show', () => {
  it.each([
    ['kubeadm’s DEB', NODES.kubeadmDeb, '/etc/default/kubelet', `KUBELET_EXTRA_ARGS=${FLAG}\n`],
    ['kubeadm’s RPM', NODES.kubeadmRpm, '/etc/sysconfig/kubelet', `KUBELET_EXTRA_ARGS=${FLAG}\n`],
    [
      'kind',
      NODES.kind,
      '/etc/default/kubelet',
      `KUBELET_EXTRA_ARGS='--runtime-cgroups=/system.slice/containerd.service ${FLAG}'\n`,
    ],
    [
      'arguments that a drop-in gives (F05)',
      NODES.carried,
      '/etc/default/kubelet',
      `KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11\\ --hostname-override=node1\\ ${FLAG}\n`,
    ],
    [
      'continuation lines (F21)',
      NODES.continued,
      '/etc/default/kubelet',
      `KUBELET_EXTRA_ARGS="\\\n--cpu-manager-policy=static \\\n--feature-gates=TopologyManager=true  --v=2 ${FLAG}"\n`,
    ],
    ['a file that all services share (F01)', NODES.sharedFile, '/etc/default/kubelet', CREATED],
    ['Gardener', NODES.gardener, '/var/lib/kubelet/extra_args', CREATED],
    ['image-builder on Debian', NODES.imageBuilder, '/etc/default/kubelet', CREATED],
    ['image-builder on a distribution with RPM', NODES.imageBuilderRpm, '/etc/sysconfig/kubelet', CREATED],
    [
      'EKS Hybrid Nodes',
      NODES.eksHybrid,
      '/etc/eks/kubelet/environment',
      `NODEADM_KUBELET_ARGS="--v=2"\n${CREATED}`,
    ],
    ['Flatcar', NODES.flatcar, '/etc/sysconfig/kubelet', CREATED],
    [
      'a file that ExecStartPre= edits (F17)',
      NODES.edited,
      '/etc/default/kubelet',
      `KUBELET_EXTRA_ARGS='--reserved-cpus="0-29" ${FLAG}'\n`,
    ],
    [
      'kubespray (F26)',
      NODES.kubespray,
      '/etc/kubernetes/kubelet.env',
      `KUBELET_ARGS="--config=/etc/kubernetes/kubelet-config.yaml \\\n--kubeconfig=/etc/kubernetes/kubelet.conf ${FLAG} \\\n"\n`,
    ],
    [
      'AKS',
      NODES.aks,
      '/etc/default/kubelet',
      `KUBELET_FLAGS=--cluster-dns=10.0.0.10 --max-pods=110 ${FLAG} \nKUBELET_NODE_LABELS=a=b\n`,
    ],
    [
      'EKS with --config-dir',
      NODES.eks,
      '/etc/kubernetes/kubelet/config.json.d/99-kubelet-sysctl-agent.conf',
      Buffer.from(printDropIn(['kernel.sem', 'net.core.somaxconn'])).toString(),
    ],
  ])('names the file that the agent would change, and its bytes: %s', async (_, node, file, content) => {
    expect(await planned(node)).toMatchObject({ status: 0, file, changed: true, content });
  });

  it('prints the fields of --environment-file, and the file that changes', async () => {
    expect(Object.keys(Object(await planned(NODES.kubeadmDeb))).toSorted()).toEqual([
      'changed',
      'configured',
      'content',
      'contentBase64',
      'desired',
      'file',
      'reason',
      'status',
      'unmanaged',
      'words',
    ]);
  });

  it.each([
    [
      'EKS without --config-dir',
      NODES.eksWithoutConfigDir,
      '$NODEADM_KUBELET_ARGS',
      '/etc/eks/kubelet/environment',
    ],
    ['AKS, whose unit starts a script (F11)', NODES.aksScript, 'no variable', '/etc/default/kubelet'],
    ['a comment in the path (F25)', NODES.comment, '/var/lib/kubelet/kubeadm-flags.env', 'comment'],
    [
      'a file that ExecStartPre= writes',
      NODES.generated,
      '/var/lib/kubelet/kubeadm-flags.env',
      'ExecStartPre=',
    ],
    ['kubeadm’s guide for etcd (F26)', NODES.etcdGuide, 'no variable', '20-etcd-service-manager.conf'],
  ])('says why the node cannot be reconciled, and names the unit files: %s', async (_, node, found, file) => {
    const answer = await planned(node);
    expect(answer).toEqual({
      status: 1,
      error: { kind: 'unreconcilable', message: expect.stringContaining(`found ${found}`) },
    });
    expect(answer).toMatchObject({ error: { message: expect.stringContaining(file) } });
  });

  it('refuses arguments that the agent would refuse, and names file and line (F22)', async () => {
    expect(await planned(NODES.shell)).toEqual({
      status: 1,
      error: {
        kind: 'refused',
        message: expect.stringContaining('systemd runs no $(…)'),
        file: '/etc/default/kubelet',
        line: 1,
      },
    });
  });

  it('reads config.yaml and config-dir from the arguments of the next start, and resolves links', async () => {
    const kind = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
    const node = kubeadmNode(
      {},
      {
        '/etc/default/kubelet': '->/srv/defaults/kubelet',
        '/srv/defaults/kubelet': 'KUBELET_EXTRA_ARGS="--config=/srv/link.yaml --config-dir=/srv/conf.d"\n',
        '/srv/link.yaml': '->/srv/config.yaml',
        '/srv/config.yaml': `${kind}allowedUnsafeSysctls: [kernel.sem]\n`,
        '/srv/conf.d/10.conf': `${kind}allowedUnsafeSysctls: [kernel.msg*]\n`,
        '/srv/conf.d/20.yaml': `${kind}allowedUnsafeSysctls: [fs.mqueue.*]\n`,
      },
    );
    expect(await planned(node)).toMatchObject({
      file: '/etc/default/kubelet',
      configured: { before: ['kernel.msg*'], after: ['kernel.msg*', 'net.core.somaxconn'] },
      content: expect.stringContaining('--allowed-unsafe-sysctls=kernel.msg*,net.core.somaxconn"\n'),
    });
  });

  it('reads the files of a glob pattern, and keeps the list of kubeadm-flags.env', async () => {
    const node = kubeadmNode(
      { environmentFiles: ['/var/lib/kubelet/kubeadm-flags.env', '-/etc/kubelet.d/*.env'] },
      {
        '/var/lib/kubelet/kubeadm-flags.env': 'KUBELET_KUBEADM_ARGS="--allowed-unsafe-sysctls=kernel.sem"\n',
        '/etc/kubelet.d/a.env': 'KUBELET_EXTRA_ARGS=--v=2\n',
        '/etc/kubelet.d/b.env': 'OTHER=1\n',
      },
    );
    expect(await planned(node)).toMatchObject({
      file: '/etc/kubelet.d/a.env',
      configured: { before: ['kernel.sem'], after: ['kernel.sem', 'net.core.somaxconn'] },
      unmanaged: ['kernel.sem'],
    });
  });

  it('names the files that the unit needs and the folder does not have', async () => {
    const { show } = NODES.kubeadmDeb;
    expect(await planned({ show, files: {} })).toMatchObject({
      status: 0,
      file: '/etc/default/kubelet',
      reason: expect.stringContaining('/var/lib/kubelet/config.yaml, which is not below'),
    });
  });

  it('ignores a variable that old systemd does not print, and refuses when it may be KUBELET_EXTRA_ARGS', async () => {
    const { show, files } = NODES.kubeadmDeb;
    const old = show.replace(/"KUBELET_KUBECONFIG_ARGS=[^"]*"/u, '[unprintable]');
    expect(await planned({ show: old, files })).toMatchObject({
      status: 0,
      reason: expect.stringContaining('1 variable of Environment= as [unprintable]'),
    });
    const { '/etc/default/kubelet': _, ...others } = files;
    expect(await planned({ show: old, files: others })).toMatchObject({
      status: 1,
      error: { kind: 'refused', message: expect.stringContaining('KUBELET_EXTRA_ARGS may be among them') },
    });
  });

  it('refuses text that is not a unit, a directory in place of a file, and a missing folder', async () => {
    expect(await planned({ show: 'Id=kubelet.service\n', files: {} })).toMatchObject({
      status: 1,
      error: { kind: 'refused', message: expect.stringContaining('Expected a line ExecStart={') },
    });
    const twice = `${NODES.kubeadmDeb.show}ExecStart=${execStart(['/usr/bin/kubelet'])}\n`;
    expect(await planned({ show: twice, files: {} })).toMatchObject({
      status: 1,
      error: { kind: 'refused', message: expect.stringContaining('Expected one ExecStart='), line: 18 },
    });
    expect(
      await planned({ show: NODES.kubeadmDeb.show, files: { '/etc/default/kubelet/a': '' } }),
    ).toMatchObject({
      status: 1,
      error: {
        kind: 'refused',
        file: '/etc/default/kubelet',
        message: expect.stringContaining('a directory'),
      },
    });
    const none = ['--unit-show', join(folder, 'policy.yaml'), '--root', join(folder, 'none')];
    expect(await plan(none)).toMatchObject({ status: 1 });
  });

  it('reads the unit from standard input, and prints the diff of the file', () => {
    const root = rootWith(NODES.kubeadmDeb.files);
    const { status, stdout } = spawnSync(
      process.execPath,
      [MAIN, 'plan', ...policyArgs(), '--unit-show', '-', '--root', root],
      { encoding: 'utf8', input: NODES.kubeadmDeb.show },
    );
    expect(status).toBe(0);
    expect(stdout).toContain(
      `--- /etc/default/kubelet\n+++ /etc/default/kubelet\n@@ -1,1 +1,1 @@\n-KUBELET_EXTRA_ARGS=\n+KUBELET_EXTRA_ARGS=${FLAG}\n`,
    );
  });

  it.each([
    [
      ['--unit-show', 'a', '--environment-file', 'b'],
      "cannot be used with option '--environment-file <file>'",
    ],
    [['--unit-show', 'a', '--kubelet-config', 'b'], "cannot be used with option '--kubelet-config <file>'"],
    [['--environment-file', 'a', '--root', '/'], "cannot be used with option '--environment-file <file>'"],
    [['--unit-show', '-', '--config-map', '-'], 'cannot both read standard input'],
    [[], "'--environment-file <file>' or '--unit-show <file>' not specified"],
  ])('exits with 2 on wrong usage, and says what is wrong: %j', async (args, message) => {
    const { status, stderr } = await plan(args);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) });
  });
});

import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyCommand } from '../../../agent/cli/apply/apply.ts';
import { EXIT, exitCodeOf } from '../../../agent/cli/exit.ts';
import { temporaryRoot } from '../../host/temporary-root.ts';

const UNIT = '/usr/lib/systemd/system/kubelet.service';
const DROP_IN = '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf';
const POLICY = '/etc/kubelet-sysctl-agent/policy.yaml';
const ENVIRONMENT_FILE = '/etc/default/kubelet';
const LIBRARY = '/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so';

/** The files of an image with kubeadm's packages. */
const IMAGE: Readonly<Record<string, string>> = {
  [UNIT]: '[Unit]\nDescription=kubelet\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\n',
  [DROP_IN]:
    '[Service]\nEnvironment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"\n' +
    'EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\n' +
    'ExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n',
  '/usr/bin/kubelet': '\u{7F}ELF no program of this machine',
  [LIBRARY]: '',
  '/var/lib/kubelet/config.yaml': 'kind: KubeletConfiguration\n',
  [POLICY]: 'apiVersion: v1\nkind: ConfigMap\ndata: {allowedUnsafeSysctls: "net.core.somaxconn"}\n',
};

async function image(files: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
  const root = await temporaryRoot();
  for (const [path, content] of Object.entries({ ...IMAGE, ...files })) {
    if (content === undefined) continue;
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(root + path, content);
  }
  await chmod(`${root}/usr/bin/kubelet`, 0o755);
  return root;
}

interface Run {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...words: readonly string[]): Promise<Run> {
  const printed = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof printed) => ({ write: (text: string) => (printed[name] += text) });
  const command = applyCommand({ stdout: stream('stdout'), stderr: stream('stderr') });
  try {
    await command.parseAsync([...words], { from: 'user' });
    return { code: EXIT.ok, ...printed };
  } catch (error) {
    return { code: exitCodeOf(error), ...printed };
  }
}

const VERSION = '--kubelet-version=1.37.2';

describe('apply --host --root', () => {
  it('writes the list below the folder by its own unit files, with the policy of the folder', async () => {
    const root = await image();
    const { code, stdout } = await run('--host', '--root', root, VERSION, '-o', 'json');
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({
      file: ENVIRONMENT_FILE,
      changed: true,
      written: [ENVIRONMENT_FILE],
      configured: { before: [], after: ['net.core.somaxconn'] },
    });
    expect(await readFile(root + ENVIRONMENT_FILE, 'utf8')).toBe(
      'KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.core.somaxconn\n',
    );
    expect(
      JSON.parse(await readFile(`${root}/var/lib/kubelet-sysctl-agent/state.json`, 'utf8')),
    ).toMatchObject({
      lastApplied: { ours: ['net.core.somaxconn'] },
    });
    expect(await run('--host', '--root', root, VERSION, '-o', 'json')).toMatchObject({ code: EXIT.ok });
  });

  it('takes a policy from elsewhere, and prints a diff', async () => {
    const root = await image();
    const folder = await temporaryRoot();
    await writeFile(join(folder, 'allowedUnsafeSysctls'), 'kernel.sem\n');
    const { code, stdout } = await run(
      '--host',
      `--root=${root}/`,
      VERSION,
      `--policy=${folder}`,
      '--dry-run',
    );
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain('+KUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=kernel.sem');
    expect(stdout).toContain('This is a dry run. Nothing was written.');
    await expect(readFile(root + ENVIRONMENT_FILE)).rejects.toThrow('ENOENT');
  });

  it("follows the folder's own links, and never the host's", async () => {
    const root = await image();
    await mkdir(`${root}/etc/sysconfig`, { recursive: true });
    await mkdir(`${root}/etc/default`, { recursive: true });
    await writeFile(`${root}/etc/sysconfig/kubelet`, '# here\n');
    await symlink('/etc/sysconfig/kubelet', root + ENVIRONMENT_FILE);
    await run('--host', '--root', root, VERSION);
    expect(await readFile(`${root}/etc/sysconfig/kubelet`, 'utf8')).toContain('somaxconn');
  });

  it.each<[string, Readonly<Record<string, string | undefined>>, readonly string[], string]>([
    ["the kubelet's version, when the binary cannot be run here", {}, [], 'Give --kubelet-version.'],
    [
      'the list of a config file that is not there',
      { '/var/lib/kubelet/config.yaml': undefined },
      [VERSION],
      'The list in it is not known',
    ],
    [
      'the version of systemd',
      { [LIBRARY]: undefined },
      [VERSION],
      'Expected one libsystemd-shared-VERSION.so',
    ],
    [
      'what a specifier stands for',
      { [DROP_IN]: `${IMAGE[DROP_IN]}Environment=NAME=%H\n` },
      [VERSION],
      'what only the node knows',
    ],
    [
      'which of two ExecStart= counts',
      { [DROP_IN]: '[Service]\nExecStart=/usr/bin/kubelet -v=2\n' },
      [VERSION],
      '2 ExecStart= in force',
    ],
    [
      'the kernel, where it decides about a name',
      { [POLICY]: IMAGE[POLICY]?.replace('net.core.somaxconn', 'net.ipv4.tcp_rmem') },
      [VERSION],
      'Give --kernel-version.',
    ],
    [
      'a kubelet that is not installed',
      { '/usr/bin/kubelet': '#!/bin/sh\n' },
      [VERSION],
      'Expected ExecStart= of kubelet.service to start a kubelet',
    ],
  ])('does not guess %s', async (_title, files, words, told) => {
    const root = await image();
    for (const [path, content] of Object.entries(files)) {
      await (content === undefined ? rm(root + path) : writeFile(root + path, content));
    }
    const { code, stdout, stderr } = await run('--host', '--root', root, ...words);
    expect([code, stdout]).toEqual([EXIT.no, '']);
    expect(stderr).toContain(told);
    await expect(readFile(root + ENVIRONMENT_FILE)).rejects.toThrow('ENOENT');
  });

  it('says that the unit is masked, by a link to a device that an image does not have', async () => {
    const root = await image();
    await mkdir(`${root}/etc/systemd/system`, { recursive: true });
    await symlink('/dev/null', `${root}/etc/systemd/system/kubelet.service`);
    expect((await run('--host', '--root', root, VERSION)).stderr).toContain('kubelet.service is masked.');
  });

  it('knows with --kernel-version whether a name needs an allowance', async () => {
    const root = await image({
      [POLICY]: IMAGE[POLICY]?.replace('net.core.somaxconn', 'net.ipv4.tcp_rmem,kernel.sem'),
    });
    await run('--host', '--root', root, VERSION, '--kernel-version=6.1');
    expect(await readFile(root + ENVIRONMENT_FILE, 'utf8')).toContain('sysctls=kernel.sem\n');
  });

  it('says in JSON which key, line and value of the policy is wrong', async () => {
    const root = await image({
      [POLICY]: 'apiVersion: v1\nkind: ConfigMap\ndata: {allowedUnsafeSysctls: "kernel.sem,-x"}\n',
    });
    const { code, stdout } = await run('--host', '--root', root, VERSION, '--output=json');
    expect(code).toBe(EXIT.no);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { errors: [{ key: 'allowedUnsafeSysctls', line: 1, message: expect.stringContaining('"-x"') }] },
    });
  });

  it('says that the folder of --root is none', async () => {
    expect(await run('--host', '--root=/proc/none')).toMatchObject({
      code: EXIT.no,
      stderr: expect.stringContaining('Expected --root to be the root folder of a node, found nothing.'),
    });
  });

  it.each([
    ['without --host', [], 'apply needs --host'],
    ['with a policy from standard input', ['--host', '--policy=-'], 'got standard input'],
    ['with an empty --root', ['--host', '--root='], 'expected --root to be a folder'],
    ['with --kubelet-version for this host', ['--host', VERSION], '--kubelet-version needs --root'],
    [
      'with --kernel-version for this host',
      ['--host', '--kernel-version=6.1'],
      '--kernel-version needs --root',
    ],
  ])('is a usage error %s', async (_title, words, told) => {
    const { code, stderr } = await run(...words);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain(told);
  });
});

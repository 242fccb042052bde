import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('plan-main.ts', import.meta.url));
const DATA = 'allowedUnsafeSysctls: "net.core.somaxconn, net.ipv4.ip_unprivileged_port_start"';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Given {
  readonly data?: string;
  readonly file?: string | Uint8Array;
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

function run({ data = DATA, file, files = {}, args = ['--output', 'json'] }: Given) {
  const all = {
    'map.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-sysctls}\ndata:\n  ${data.replaceAll('\n', '\n  ')}\n`,
    ...(file === undefined ? {} : { env: file }),
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const paths = ['--environment-file', join(folder, 'env'), '--config-map', join(folder, 'map.yaml')];
  const here = args.map((arg) => arg.replace('FOLDER', folder));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'plan', ...paths, '--kubelet-version', 'v1.37.2', ...here],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

function json(given: Given): unknown {
  const { status, stdout } = run(given);
  return { status, ...JSON.parse(stdout) };
}

describe('kubelet-sysctls plan', () => {
  it('prints the plan for a missing file as JSON', () => {
    const flag = '--allowed-unsafe-sysctls=net.core.somaxconn';
    expect(json({})).toEqual({
      status: 0,
      changed: true,
      words: { before: [], after: [flag] },
      contentBase64: Buffer.from(`KUBELET_EXTRA_ARGS=${flag}\n`).toString('base64'),
      configured: { before: [], after: ['net.core.somaxconn'] },
      desired: ['net.core.somaxconn'],
      unmanaged: [],
      reason: expect.stringContaining('net.ipv4.ip_unprivileged_port_start is already safe'),
    });
  });

  it('prints the whole file even when nothing changes', () => {
    const file = 'A=1\nKUBELET_EXTRA_ARGS=--allowed-unsafe-sysctls=net.*\n';
    expect(json({ file })).toMatchObject({
      changed: false,
      contentBase64: Buffer.from(file).toString('base64'),
      unmanaged: ['net.*'],
    });
  });

  it('prints an empty file when the policy needs no file', () => {
    const data = 'allowedUnsafeSysctls: net.ipv4.tcp_syncookies';
    expect(json({ data })).toMatchObject({ status: 0, changed: false, contentBase64: '', desired: [] });
  });

  it("includes the kubelet's config file, its drop-ins and the node's labels in the plan", () => {
    const given = {
      data: `${DATA}\nprofiles: "[{name: a, nodeSelector: {pool: big}, allowedUnsafeSysctls: [kernel.shm*]}]"`,
      files: {
        'config.yaml': 'kind: KubeletConfiguration\nallowedUnsafeSysctls: [kernel.sem]\n',
        'd/sub/10.conf':
          'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nallowedUnsafeSysctls: [kernel.msg*]\n',
        'd/20.txt': 'allowedUnsafeSysctls: [fs.mqueue.*]\n',
      },
      args: [
        '--kubelet-config',
        'FOLDER/config.yaml',
        '--kubelet-config-dir',
        'FOLDER/d',
        '--labels',
        'a=b,pool=big',
        '--output',
        'json',
      ],
    };
    expect(json(given)).toMatchObject({
      configured: { before: ['kernel.msg*'], after: ['kernel.msg*', 'kernel.shm*', 'net.core.somaxconn'] },
      desired: ['kernel.shm*', 'net.core.somaxconn'],
      unmanaged: ['kernel.msg*'],
    });
  });

  it('prints a diff and the reason as text', () => {
    const { status, stdout } = run({ file: '# a\nKUBELET_EXTRA_ARGS="--v=2"\nB=1', args: [] });
    expect(stdout).toContain(
      [
        '@@ -1,3 +1,3 @@',
        ' # a',
        '-KUBELET_EXTRA_ARGS="--v=2"',
        '+KUBELET_EXTRA_ARGS="--v=2 --allowed-unsafe-sysctls=net.core.somaxconn"',
        ' B=1',
        '\\ No newline at end of file',
        '',
        'Adds net.core.somaxconn to KUBELET_EXTRA_ARGS',
      ].join('\n'),
    );
    expect(status).toBe(0);
  });

  it('refuses an environment file that systemd would ignore, and names the line and the byte', () => {
    const file = Buffer.from('A=1\nB=x\xff\n', 'latin1');
    expect(json({ file })).toEqual({
      status: 1,
      error: { message: expect.stringContaining('0xff'), file: join(folder, 'env'), line: 2, byte: 7 },
    });
    expect(run({ file, args: [] })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('env:2:byte 7:'),
    });
  });

  it('refuses a comment that versions of systemd read differently', () => {
    expect(json({ file: '# a\\\nKUBELET_EXTRA_ARGS=--v=2\n' })).toMatchObject({
      status: 1,
      error: { line: 1, byte: 3 },
    });
  });

  it('refuses an invalid ConfigMap and prints all its errors', () => {
    expect(json({ data: 'allowedUnsafeSysctls: "vm.*, Net.x"' })).toMatchObject({
      status: 1,
      error: {
        message: expect.any(String),
        errors: [
          { key: 'allowedUnsafeSysctls', line: 1 },
          { key: 'allowedUnsafeSysctls', line: 1 },
        ],
      },
    });
    expect(json({ data: 'allowedUnsafeSysctls: [' })).toMatchObject({
      status: 1,
      error: { message: expect.any(String) },
    });
  });

  it('names a kubelet config file that is missing or not valid', () => {
    const args = ['--kubelet-config', 'FOLDER/none', '--output', 'json'];
    expect(json({ args })).toMatchObject({ status: 1, error: { file: join(folder, 'none') } });
    expect(json({ args, files: { none: 'a: 1\nallowedUnsafeSysctls: 1\n' } })).toMatchObject({
      status: 1,
      error: { file: join(folder, 'none'), line: 2 },
    });
  });

  it.each([
    [['--kubelet-version', 'new']],
    [['--output', 'yaml']],
    [['--labels', 'a']],
    [['--labels', 'a=b c']],
    [['--no-such-option']],
  ])('exits with 2 on wrong usage: %j', (args) => {
    expect(run({ args }).status).toBe(2);
  });
});

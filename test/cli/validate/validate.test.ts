import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('validate-main.ts', import.meta.url));

describe('kubelet-sysctls validate', () => {
  it('prints every item of a valid ConfigMap as JSON, once, in order, with its verdict', () => {
    const data = {
      allowedUnsafeSysctls: 'net.core.somaxconn\nnet.ipv4.ip_unprivileged_port_start, net.core.somaxconn',
      profiles: '- {name: a, nodeSelector: {a: b}, allowedUnsafeSysctls: [kernel.shm*, net.core.somaxconn]}',
    };
    const { status, stdout } = validate(data, '--kubelet-version', 'v1.37.2', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      allowances: [
        { pattern: 'net.core.somaxconn', verdict: 'allowed', message: expect.any(String) },
        {
          pattern: 'net.ipv4.ip_unprivileged_port_start',
          verdict: 'safe',
          message: expect.stringContaining('not needed'),
        },
        { pattern: 'kernel.shm*', verdict: 'allowed', message: expect.any(String) },
      ],
      errors: [],
    });
    expect(status).toBe(0);
  });

  it('lists an invalid item among allowances and errors, with key and line, and exits with 1', () => {
    const data = { allowedUnsafeSysctls: 'net.a\nvm.max_map_count\n', mod: 'Observe' };
    const { status, stdout } = validate(data, '--kubelet-version', '1.37.2', '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      allowances: [{ verdict: 'allowed' }, { pattern: 'vm.max_map_count', verdict: 'invalid' }],
      errors: [
        { key: 'mod', line: 1, message: expect.stringContaining('mode') },
        { key: 'allowedUnsafeSysctls', line: 2, message: expect.stringContaining('vm.max_map_count') },
      ],
    });
    expect(status).toBe(1);
  });

  it('warns of a name that the kubelet takes and no pod can set, and exits with 0', () => {
    const data = { allowedUnsafeSysctls: 'net.core.rmem_max\nnet.core.somaxconn\n' };
    const text = validate(data, '--kubelet-version', '1.37.2');
    expect(text.stdout).toMatch(
      /^! net\.core\.rmem_max {3}allowed to pods by this policy, but no pod can set it/mu,
    );
    expect(text.stdout).toMatch(/^✓ net\.core\.somaxconn/mu);
    expect(text.stdout).toContain('Valid: 2 allowances, 1 of no use to any pod.');
    expect(text.status).toBe(0);

    const { stdout } = validate(data, '--kubelet-version', '1.37.2', '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, errors: [] });
    expect(JSON.parse(stdout).allowances[0]).toMatchObject({
      verdict: 'allowed',
      warning: expect.stringContaining('no pod can set it'),
    });
    expect(JSON.parse(stdout).allowances[1]).not.toHaveProperty('warning');
  });

  it('validates for the kubelet and kernel versions that the options name', () => {
    expect(verdictOf('user.*', '--kubelet-version', '1.36.3')).toBe('invalid');
    expect(verdictOf('user.*', '--kubelet-version', '1.37.2')).toBe('allowed');
    expect(verdictOf('net.ipv4.tcp_rmem', '--kubelet-version', '1.37.2')).toBe('safe');
    expect(
      verdictOf('net.ipv4.tcp_rmem', '--kubelet-version', '1.37.2', '--kernel-version', '4.14.0-1-amd64'),
    ).toBe('allowed');
  });

  it('keeps the JSON shape when the file is not a ConfigMap, and names the line', () => {
    const { status, stdout } = run('kind: [\n', '--kubelet-version', '1.37.2', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      allowances: [],
      errors: [{ key: '', line: 2, message: expect.stringMatching(/^-:2: /u) }],
    });
    expect(status).toBe(1);
  });

  it('prints a marked line for each allowance as text, then the errors with their lines', () => {
    const data = { allowedUnsafeSysctls: 'net.core.somaxconn\nnet.ipv4.tcp_rmem\nkernel.*' };
    const { status, stdout } = validate(data, '--kubelet-version', '1.37.2');
    expect(stdout).toMatch(/^✓ net\.core\.somaxconn +allowed/mu);
    expect(stdout).toMatch(/^· net\.ipv4\.tcp_rmem +already safe/mu);
    expect(stdout).toMatch(/^✗ kernel\.\*/mu);
    expect(stdout).toMatch(/^allowedUnsafeSysctls, line 3: .*Name kernel\.sem/mu);
    expect(stdout).toMatch(/^Not valid for these nodes: 1 error\.$/mu);
    expect(status).toBe(1);
  });

  it('writes no escape sequences when standard output is not a terminal', () => {
    const { stdout } = validate(
      { allowedUnsafeSysctls: 'net.a\nvm.\u001b[31m' },
      '--kubelet-version',
      '1.37.2',
    );
    expect(stdout).toContain(String.raw`\u{1b}`);
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    ['no kubelet version', []],
    ['a kubelet version that is not a version', ['--kubelet-version', 'latest']],
    ['a kernel version that is not a version', ['--kubelet-version', '1.37.2', '--kernel-version', 'x']],
    ['an unknown option', ['--kubelet-version', '1.37.2', '--verbose']],
    ['an unknown output', ['--kubelet-version', '1.37.2', '--output', 'yaml']],
    ['two files', ['--kubelet-version', '1.37.2', 'other']],
  ])('exits with 2 and prints nothing on standard output for %s', (_, words) => {
    const { status, stdout, stderr } = validate({ allowedUnsafeSysctls: 'net.a' }, ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /u);
  });

  it('exits with 0 after --help', () => {
    expect(validate({}, '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--kubelet-version'),
    });
  });
});

function verdictOf(name: string, ...versions: string[]): unknown {
  const { stdout } = validate({ allowedUnsafeSysctls: name }, ...versions, '--output', 'json');
  return JSON.parse(stdout).allowances[0].verdict;
}

function validate(data: Record<string, string>, ...words: string[]) {
  return run(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data }), ...words);
}

function run(input: string, ...words: string[]) {
  return spawnSync(process.execPath, [MAIN, 'validate', '-', ...words], {
    input,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });
}

import { chmod, copyFile, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { HostCommandError, hostCommands, type RunOnHost } from '../../agent/host/commands.ts';
import { hostProcesses } from '../../agent/host/processes.ts';
import type { Processes, Program, ProgramAnswer } from '../../agent/node/ports.ts';
import { temporaryRoot } from './temporary-root.ts';

const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn';
const VERSION: ProgramAnswer = { ok: true, output: 'Kubernetes v1.37.2' };

async function kubeletOf(processes: Processes): Promise<Program> {
  const kubelet = await processes.programAt('/kubelet');
  if (kubelet === undefined) {
    throw new Error('Expected a kubelet');
  }
  return kubelet;
}

async function ask(processes: Processes, run = true): Promise<ProgramAnswer | undefined> {
  return processes.kubeletVersion(await kubeletOf(processes), [FLAG], { run });
}

function recorded(answer: () => Promise<string>): {
  readonly run: RunOnHost;
  readonly asked: (readonly string[])[];
} {
  const asked: (readonly string[])[] = [];
  return {
    asked,
    run: (argv) => {
      asked.push(argv);
      return answer();
    },
  };
}

test('runs a kubelet binary for its version once, and again after it was replaced', async () => {
  const root = await temporaryRoot();
  const { run, asked } = recorded(async () => VERSION.output);
  const processes = hostProcesses(root, run);
  await writeFile(`${root}/kubelet`, 'one');

  expect(await ask(processes)).toEqual(VERSION);
  expect(await ask(processes)).toEqual(VERSION);
  expect(asked).toEqual([['/kubelet', FLAG, '--version']]);

  await writeFile(`${root}/kubelet.new`, 'two');
  await rename(`${root}/kubelet.new`, `${root}/kubelet`);
  await ask(processes);
  expect(asked).toHaveLength(2);
});

test('a kubelet whose file was replaced since it was read is not run', async () => {
  const root = await temporaryRoot();
  const { run, asked } = recorded(async () => VERSION.output);
  const processes = hostProcesses(root, run);
  await writeFile(`${root}/kubelet`, 'one');
  const kubelet = await kubeletOf(processes);

  await writeFile(`${root}/kubelet.new`, '#!/bin/sh');
  await rename(`${root}/kubelet.new`, `${root}/kubelet`);
  await expect(processes.kubeletVersion(kubelet, [FLAG], { run: true })).rejects.toThrow(
    '/kubelet was replaced while the agent read it',
  );
  expect(asked).toEqual([]);
});

test('a kubelet whose file is replaced by a script in the moment of its start is run, and not the script', async () => {
  const root = await temporaryRoot();
  const run = hostCommands(['env']);
  const processes = hostProcesses(root, async (argv, options) => {
    await writeFile(`${root}/kubelet.new`, '#!/bin/sh\necho the script', { mode: 0o755 });
    await rename(`${root}/kubelet.new`, `${root}/kubelet`);
    return run(argv, options);
  });
  await copyFile('/bin/echo', `${root}/kubelet`);

  expect(await ask(processes)).toMatchObject({ ok: true, output: expect.not.stringContaining('the script') });
});

test('does not run a binary that may not be run, and returns what it printed before', async () => {
  const root = await temporaryRoot();
  const { run, asked } = recorded(async () => VERSION.output);
  const processes = hostProcesses(root, run);
  await writeFile(`${root}/kubelet`, 'one');

  expect(await ask(processes, false)).toBeUndefined();
  expect(asked).toEqual([]);
  await ask(processes);
  expect(await ask(processes, false)).toEqual(VERSION);
  expect(asked).toHaveLength(1);
});

test('a kubelet that refuses its flags is not run again until it was replaced', async () => {
  const root = await temporaryRoot();
  const { run, asked } = recorded(() =>
    Promise.reject(new HostCommandError(['kubelet'], 1, 'unknown flag', undefined)),
  );
  const processes = hostProcesses(root, run);
  await writeFile(`${root}/kubelet`, 'one');

  expect(await ask(processes)).toEqual({ ok: false, output: 'unknown flag' });
  expect(await ask(processes)).toEqual({ ok: false, output: 'unknown flag' });
  expect(asked).toHaveLength(1);
});

test.each([
  ['took too long', undefined],
  ['could not be executed', 126],
])('that a kubelet %s is an error, and it is run again', async (_what, exitCode) => {
  const root = await temporaryRoot();
  const { run, asked } = recorded(() =>
    Promise.reject(new HostCommandError(['kubelet'], exitCode, '', undefined)),
  );
  const processes = hostProcesses(root, run);
  await writeFile(`${root}/kubelet`, 'one');

  await expect(ask(processes)).rejects.toThrow(HostCommandError);
  await expect(ask(processes)).rejects.toThrow(HostCommandError);
  expect(asked).toHaveLength(2);
});

test('a program is read behind every link of the host, with its first bytes', async () => {
  const root = await temporaryRoot();
  const processes = hostProcesses(root, () => Promise.reject(new Error('no commands')));
  await mkdir(`${root}/opt/k8s`, { recursive: true });
  await mkdir(`${root}/usr/bin`, { recursive: true });
  await writeFile(`${root}/opt/k8s/kubelet-1.37`, '\u{7F}ELF and so on');
  await chmod(`${root}/opt/k8s/kubelet-1.37`, 0o700);
  await symlink('/etc/alternatives', `${root}/alternatives`);
  await symlink('/opt/k8s/kubelet-1.37', `${root}/usr/bin/kubelet`);

  const [direct, linked, named] = await Promise.all(
    ['/opt/k8s/kubelet-1.37', '/usr/bin/kubelet', 'kubelet'].map((path) => processes.programAt(path)),
  );

  expect(linked).toMatchObject({ path: '/opt/k8s/kubelet-1.37', opened: `${root}/opt/k8s/kubelet-1.37` });
  expect(linked?.head).toMatch(/^\u{7F}ELF/u);
  expect(linked).toEqual(direct);
  expect(named).toEqual(direct);
});

test('neither a folder nor a missing file is a program', async () => {
  const root = await temporaryRoot();
  const processes = hostProcesses(root, () => Promise.reject(new Error('no commands')));
  await mkdir(`${root}/usr/bin/kubelet`, { recursive: true });

  for (const path of ['/usr/bin/kubelet', '/usr/bin/kubectl', 'kubelet']) {
    expect(await processes.programAt(path)).toBeUndefined();
  }
});

test('the program of a process whose file was replaced is its old one, under the name without “ (deleted)”', async () => {
  const root = await temporaryRoot();
  await mkdir(`${root}/proc/77`, { recursive: true });
  await writeFile(`${root}/usr-bin-kubelet (deleted)`, '\u{7F}ELF old');
  await symlink(`${root}/usr-bin-kubelet (deleted)`, `${root}/proc/77/exe`);
  const processes = hostProcesses(root, () => Promise.reject(new Error('no commands')), `${root}/proc`);

  expect(await processes.programOf(77)).toMatchObject({
    path: `${root}/usr-bin-kubelet`,
    opened: `${root}/proc/77/exe`,
  });
  expect(await processes.programOf(78)).toBeUndefined();
});

test('returns undefined as the argv of a process that has ended', async () => {
  const processes = hostProcesses('', () => Promise.reject(new Error('no commands')));

  expect(await processes.argv(process.pid)).toContain(process.argv[0]);
  expect(await processes.argv(2 ** 22 + 1)).toBeUndefined();
});

test('the program of this process is the one that runs it', async () => {
  const processes = hostProcesses('', () => Promise.reject(new Error('no commands')));
  const [program, file] = await Promise.all([
    processes.programOf(process.pid),
    processes.programAt(process.execPath),
  ]);

  expect(program?.file).toBe(file?.file);
  expect(program?.path).toBe(file?.path);
});

import { describe, expect, test } from 'vitest';
import { findStart, type KubeletStart, type OtherStart } from '../../../../agent/node/observe/start/start.ts';
import type { Program } from '../../../../agent/node/ports.ts';
import { fakeProgram, FakeHost } from '../../../../scripts/fakes/fake-host.ts';

const KUBELET = '/usr/bin/kubelet';
const EXTRA = '$KUBELET_EXTRA_ARGS';

interface Case {
  readonly execStart: readonly string[];
  readonly programs: readonly Program[];
  /** The path of the process's program; undefined: none runs. */
  readonly runs?: string | undefined;
}

async function start({ execStart, programs, runs }: Case): Promise<KubeletStart | OtherStart> {
  const host = new FakeHost();
  host.execStart = execStart;
  host.programs = Object.fromEntries(programs.map((program) => [program.path, program]));
  if (runs !== undefined) {
    host.executable = runs;
    host.startKubelet();
  }
  // Older than a process that may not have executed its program yet.
  host.advance(60_000);
  const ports = host.ports();
  const found = await findStart(ports, await ports.systemd.status('kubelet.service'));
  expect(host.asked).toEqual([]);
  return found;
}

const script = (path: string): Program => fakeProgram(path, '#!/bin/bash\n');
const DASH = fakeProgram('/usr/bin/dash');

describe('a kubelet', () => {
  test.each<[string, Case]>([
    [
      'ExecStart= names it and it runs',
      { execStart: [KUBELET, EXTRA], programs: [fakeProgram(KUBELET)], runs: KUBELET },
    ],
    [
      'ExecStart= names it and nothing runs',
      { execStart: [KUBELET, EXTRA], programs: [fakeProgram(KUBELET)] },
    ],
    [
      'its old file was renamed by an upgrade',
      {
        execStart: [KUBELET, EXTRA],
        programs: [fakeProgram(KUBELET), fakeProgram('/usr/bin/kubelet.old')],
        runs: '/usr/bin/kubelet.old',
      },
    ],
    [
      'a script executes it with its own arguments, as OpenShift’s kubenswrapper does',
      {
        execStart: ['/usr/local/bin/kubenswrapper', KUBELET, EXTRA],
        programs: [script('/usr/local/bin/kubenswrapper'), fakeProgram(KUBELET)],
        runs: KUBELET,
      },
    ],
    [
      'a program with options of its own executes it',
      {
        execStart: ['/usr/bin/nice', '-n', '-5', KUBELET, EXTRA],
        programs: [fakeProgram('/usr/bin/nice'), fakeProgram(KUBELET)],
        runs: KUBELET,
      },
    ],
    [
      'such a program is given and nothing runs',
      {
        execStart: ['/usr/bin/taskset', '-c', '0-3', KUBELET, EXTRA],
        programs: [fakeProgram('/usr/bin/taskset'), fakeProgram(KUBELET)],
      },
    ],
  ])('is found where %s', async (_title, given) => {
    expect(await start(given)).toMatchObject({
      kind: 'kubelet',
      execStart: [KUBELET, EXTRA],
      next: { path: KUBELET },
    });
  });

  test('is found for a process that has not executed its program yet', async () => {
    const host = new FakeHost();
    host.programs['/usr/lib/systemd/systemd'] = fakeProgram('/usr/lib/systemd/systemd');
    host.executable = '/usr/lib/systemd/systemd';
    host.startKubelet();
    host.onSleep = () => {
      host.executable = KUBELET;
    };
    const ports = host.ports();

    const found = await findStart(ports, await ports.systemd.status('kubelet.service'));

    expect(found).toMatchObject({ kind: 'kubelet', running: { path: KUBELET } });
  });
});

describe('no kubelet', () => {
  test.each<[string, Case, string]>([
    [
      'a script, which is the process',
      { execStart: ['/opt/start.sh', EXTRA], programs: [script('/opt/start.sh'), DASH], runs: DASH.path },
      '/opt/start.sh, a script (#!/bin/bash)',
    ],
    [
      'a script that executed a kubelet with arguments of its own',
      {
        execStart: ['/opt/start.sh'],
        programs: [script('/opt/start.sh'), fakeProgram(KUBELET)],
        runs: KUBELET,
      },
      '/opt/start.sh, a script (#!/bin/bash)',
    ],
    [
      'a script with the name of a kubelet',
      { execStart: [KUBELET, EXTRA], programs: [script(KUBELET)] },
      `${KUBELET}, a script (#!/bin/bash)`,
    ],
    [
      'docker run with the path of a kubelet in the image',
      {
        execStart: ['/usr/bin/docker', 'run', '--entrypoint', KUBELET, 'image', EXTRA],
        programs: [fakeProgram('/usr/bin/docker'), fakeProgram(KUBELET)],
        runs: '/usr/bin/docker',
      },
      'a container (docker run); its process runs /usr/bin/docker',
    ],
    [
      'a shell with a command line',
      {
        execStart: ['/bin/sh', '-c', `exec ${KUBELET} ${EXTRA}`],
        programs: [{ ...DASH, path: '/bin/sh' }, fakeProgram(KUBELET)],
        runs: KUBELET,
      },
      '/bin/sh, a shell',
    ],
    [
      'a launcher with the name of a kubelet that runs another program',
      {
        execStart: [KUBELET, EXTRA],
        programs: [fakeProgram(KUBELET), fakeProgram('/opt/agent')],
        runs: '/opt/agent',
      },
      `${KUBELET}, another program; its process runs /opt/agent`,
    ],
    [
      'another tool that is named after the kubelet',
      {
        execStart: ['/usr/bin/kubelet-exporter', EXTRA],
        programs: [fakeProgram('/usr/bin/kubelet-exporter')],
        runs: '/usr/bin/kubelet-exporter',
      },
      '/usr/bin/kubelet-exporter, another program',
    ],
    ['nothing', { execStart: [], programs: [] }, 'nothing'],
  ])('is what ExecStart= starts: %s', async (_title, given, what) => {
    expect(await start(given)).toEqual({ kind: 'other', what });
  });

  test('is there when its file is missing, as in the middle of an upgrade', async () => {
    expect(await start({ execStart: [KUBELET, EXTRA], programs: [] })).toEqual({
      kind: 'missing',
      what: `${KUBELET}, which does not exist`,
    });
  });
});

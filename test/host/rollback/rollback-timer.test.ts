import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HostCommandError, type RunOnHost } from '../../../agent/host/commands.ts';
import { hostFiles } from '../../../agent/host/files/files.ts';
import {
  BOOT_UNIT,
  BOOT_UNIT_FILE,
  UNDO_SCRIPT_FILE,
  UNITS_FOLDER,
} from '../../../agent/host/rollback/rollback-script.ts';
import { hostRollbackTimer } from '../../../agent/host/rollback/rollback-timer.ts';
import { temporaryRoot } from '../temporary-root.ts';

const FILE = '/etc/default/kubelet';

/** The exit code for the command's words; undefined for success. */
type Answer = (words: string) => number | undefined;

async function switchOn(answer: Answer = () => undefined) {
  const root = await temporaryRoot();
  const commands: string[] = [];
  const run: RunOnHost = async (argv) => {
    const words = argv.join(' ');
    commands.push(words);
    const exitCode = answer(words);
    if (exitCode !== undefined) {
      throw new HostCommandError(argv, exitCode, '', undefined);
    }
    return '';
  };
  return { root, commands, rollbackTimer: hostRollbackTimer(hostFiles(root, run), run) };
}

/** A systemd that starts its timer with a delay. */
async function switchOnSlowSystemd() {
  const root = await temporaryRoot();
  const timer: { seconds: number | undefined } = { seconds: undefined };
  const run: RunOnHost = async (argv) => {
    await sleep(argv[0] === 'systemd-run' ? 60 : 10);
    const fail = (exitCode: number): never => {
      throw new HostCommandError(argv, exitCode, '', undefined);
    };
    const words = argv.join(' ');
    if (words.startsWith('systemd-run')) {
      timer.seconds = timer.seconds === undefined ? Number(/--on-active=(\d+)s/u.exec(words)?.[1]) : fail(1);
    } else if (timer.seconds === undefined) {
      fail(5);
    } else if (words.startsWith('systemctl stop')) {
      timer.seconds = undefined;
    }
    return '';
  };
  return { root, timer, rollbackTimer: hostRollbackTimer(hostFiles(root, run), run) };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder, { recursive: true }).catch((): string[] => []);
}

describe('the rollback timer', () => {
  test('leaves no file in /etc after it is disarmed, whatever the kubelet unit and even after an interrupted write', async () => {
    const { root, rollbackTimer } = await switchOn();
    await rollbackTimer.arm('kubelet-custom.service', FILE, 250);
    await writeFile(`${root}${UNITS_FOLDER}/.${BOOT_UNIT}.kubelet-sysctl-agent.tmp`, 'half');

    await rollbackTimer.disarm('kubelet.service');

    expect(await filesIn(`${root}${UNITS_FOLDER}`)).toEqual([]);
  });

  test('keeps the links of other units when it is disarmed', async () => {
    const { root, rollbackTimer } = await switchOn();
    const folder = `${root}${UNITS_FOLDER}/kubelet.service.wants`;
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/other.service`, '');
    await rollbackTimer.arm('kubelet.service', FILE, 250);

    await rollbackTimer.disarm('kubelet.service');

    expect(await filesIn(folder)).toEqual(['other.service']);
  });

  test('restarts an armed timer so that one is always armed', async () => {
    const { commands, rollbackTimer } = await switchOn((words) =>
      words.startsWith('systemd-run') ? 1 : undefined,
    );

    await rollbackTimer.arm('kubelet.service', FILE, 250);

    expect(commands.slice(1)).toEqual(['systemctl restart kubelet-sysctl-agent-undo.timer']);
  });

  test('starts a new timer when the old one has elapsed and its script keeps failing', async () => {
    let runs = 0;
    const { commands, rollbackTimer } = await switchOn((words) => {
      if (words.startsWith('systemd-run')) {
        runs += 1;
        return runs === 1 ? 1 : undefined;
      }
      return words.includes('restart') ? 5 : undefined;
    });

    await rollbackTimer.arm('kubelet.service', FILE, 250);

    expect(commands.map((words) => words.split(' ').slice(0, 2).join(' '))).toEqual([
      'systemd-run --quiet',
      'systemctl restart',
      'systemctl stop',
      'systemd-run --quiet',
    ]);
    expect(commands[2]).toContain('kubelet-sysctl-agent-undo.service');
  });

  test('retries its script when the script fails', async () => {
    const { commands, rollbackTimer } = await switchOn();

    await rollbackTimer.arm('kubelet.service', FILE, 250);

    expect(commands[0]).toContain('--property=Restart=on-failure');
  });

  test('leaves no timer when it is disarmed after one part of arming failed at once', async () => {
    const { root, timer, rollbackTimer } = await switchOnSlowSystemd();
    await mkdir(`${root}${BOOT_UNIT_FILE}`, { recursive: true });

    await expect(rollbackTimer.arm('kubelet.service', FILE, 250)).rejects.toThrow(BOOT_UNIT_FILE);
    await rollbackTimer.disarm('kubelet.service').catch(() => {});
    await sleep(100);

    expect(timer.seconds).toBeUndefined();
  });

  test('leaves no timer when it is disarmed after re-arming failed', async () => {
    const { root, timer, rollbackTimer } = await switchOnSlowSystemd();
    timer.seconds = 250;
    await mkdir(`${root}${BOOT_UNIT_FILE}`, { recursive: true });

    await expect(rollbackTimer.arm('kubelet.service', FILE, 250)).rejects.toThrow(BOOT_UNIT_FILE);
    await rollbackTimer.disarm('kubelet.service').catch(() => {});
    await sleep(100);

    expect(timer.seconds).toBeUndefined();
  });

  test('has the new duration after it is armed for another time', async () => {
    const { timer, rollbackTimer } = await switchOnSlowSystemd();

    await rollbackTimer.arm('kubelet.service', FILE, 250);
    await rollbackTimer.arm('kubelet.service', FILE, 900);

    expect(timer.seconds).toBe(900);
  });

  test('removes every part that can be removed when it is disarmed, and rejects with the part that could not', async () => {
    const { root, timer, rollbackTimer } = await switchOnSlowSystemd();
    await rollbackTimer.arm('kubelet.service', FILE, 250);
    await mkdir(`${root}${UNITS_FOLDER}/other.wants/${BOOT_UNIT}`, { recursive: true });

    await expect(rollbackTimer.disarm('kubelet.service')).rejects.toThrow('other.wants');

    expect(timer.seconds).toBeUndefined();
    expect(await readdir(`${root}${UNITS_FOLDER}`)).toEqual(['other.wants']);
  });

  test('returns every path that arming writes to', async () => {
    const { root, rollbackTimer } = await switchOn();

    await rollbackTimer.arm('kubelet.service', FILE, 250);

    const written = (await readdir(root, { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.length));
    expect(written.toSorted()).toEqual(rollbackTimer.paths('kubelet.service').toSorted());
    expect(written).toContain(UNDO_SCRIPT_FILE);
  });
});

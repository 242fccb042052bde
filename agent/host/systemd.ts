// Queries and controls systemd on the host. One D-Bus call returns all properties of a unit.

import * as v from 'valibot';
import type { Systemd, UnitStatus } from '../node/ports.ts';
import type { RunOnHost } from './commands.ts';
import { endingOf, type LastProcess } from './ending.ts';

const MANAGER = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1'];
const JOURNAL_LINES = 60;
/** Timeout of a restart, in ms. systemd kills a kubelet that has not stopped after 90 s. */
export const RESTART_TIMEOUT_MS = 120_000;

/** systemd through `busctl`, `systemctl` and `journalctl` of the host. Every call rejects with a HostCommandError when its command fails. */
export function hostSystemd(run: RunOnHost): Systemd {
  let version: number | undefined;

  async function properties(unit: string): Promise<Properties> {
    const path = `/org/freedesktop/systemd1/unit/${busLabel(unit)}`;
    const answer = await run([
      'busctl',
      '--json=short',
      'call',
      'org.freedesktop.systemd1',
      path,
      'org.freedesktop.DBus.Properties',
      'GetAll',
      's',
      '',
    ]);
    return v.parse(propertiesSchema, JSON.parse(answer)).data[0];
  }

  return {
    status: async (unit) => unitStatus(unit, await properties(unit)),
    ending: async (start) => endingOf(run, start, lastProcess(await properties(start.name))),

    async version() {
      if (version === undefined) {
        const answer = await run([
          'busctl',
          'get-property',
          ...MANAGER,
          'org.freedesktop.systemd1.Manager',
          'Version',
        ]);
        version = managerVersion(answer);
      }
      return version;
    },

    async services(pattern) {
      const answer = await run([
        'systemctl',
        'list-units',
        '--type=service',
        '--all',
        '--plain',
        '--no-legend',
        pattern,
      ]);
      return (
        answer
          .split('\n')
          .map((line) => line.trim().split(/\s+/u))
          // One that only another unit names, such as by Before=, is listed too.
          .flatMap(([name = '', load]) => (name.endsWith('.service') && load !== 'not-found' ? [name] : []))
      );
    },

    async tryRestart(unit) {
      await run(['systemctl', 'try-restart', unit], { timeoutMs: RESTART_TIMEOUT_MS });
    },

    async startFailed(unit) {
      await run(['systemctl', 'reset-failed', unit]);
      await run(['systemctl', 'start', unit], { timeoutMs: RESTART_TIMEOUT_MS });
    },

    async journal({ name, invocationId, lastPid }, lines = JOURNAL_LINES) {
      const answer = await run([
        'journalctl',
        '--no-pager',
        '--output=cat',
        `--lines=${lines}`,
        '--boot',
        `_SYSTEMD_UNIT=${name}`,
        ...(invocationId === '' ? [] : [`_SYSTEMD_INVOCATION_ID=${invocationId}`]),
        // journald that reads a line after its process has exited records no invocation or the next one: select by PID, too.
        ...(lastPid === 0 ? [] : ['+', `_SYSTEMD_UNIT=${name}`, `_PID=${lastPid}`]),
      ]);
      return answer.split('\n').filter((line) => line !== '');
    },
  };
}

/** A unit's name as a D-Bus path element (systemd src/shared/bus-label.c, bus_label_escape). */
function busLabel(unit: string): string {
  return unit.replaceAll(/^[0-9]|[^A-Za-z0-9]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

function managerVersion(answer: string): number {
  const digits = /^s "v?(\d+)/u.exec(answer)?.[1];
  if (digits === undefined) {
    throw new Error(`Expected systemd's version, got ${answer}`);
  }
  return Number(digits);
}

/** The data of a D-Bus variant, which busctl prints with its type beside it. */
function variant<T extends v.GenericSchema>(data: T): v.GenericSchema<unknown, v.InferOutput<T>> {
  return v.pipe(
    v.looseObject({ data: v.unknown() }),
    v.transform((value) => value.data),
    data,
  );
}
const text = variant(v.string());
const texts = variant(v.array(v.string()));
const number = variant(v.number());
const commands = variant(v.array(v.looseTuple([v.string(), v.array(v.string())])));

const propertiesSchema = v.object({
  data: v.tuple([
    v.object({
      LoadState: text,
      ActiveState: text,
      SubState: text,
      FragmentPath: text,
      DropInPaths: texts,
      InvocationID: variant(v.array(v.number())),
      // systemd's placeholder for an unknown unit lacks the properties of a service.
      Result: v.optional(text, { data: '' }),
      NeedDaemonReload: v.optional(variant(v.boolean()), { data: false }),
      StateChangeTimestampMonotonic: v.optional(number, { data: 0 }),
      MainPID: v.optional(number, { data: 0 }),
      ExecMainPID: v.optional(number, { data: 0 }),
      ExecMainCode: v.optional(number, { data: 0 }),
      ExecMainStatus: v.optional(number, { data: 0 }),
      ExecMainStartTimestampMonotonic: v.optional(number, { data: 0 }),
      NRestarts: v.optional(number, { data: 0 }),
      ExecStart: v.optional(commands, { data: [] }),
      ExecStartPre: v.optional(commands, { data: [] }),
      IPAddressDeny: v.optional(variant(v.array(v.unknown())), { data: [] }),
      Environment: v.optional(texts, { data: [] }),
      EnvironmentFiles: v.optional(variant(v.array(v.tuple([v.string(), v.boolean()]))), { data: [] }),
    }),
  ]),
});

/** The program's path replaces argv[0], which an ExecStart=@ may set to any other text. */
function programAndArguments(exec: readonly [string, readonly string[], ...unknown[]] | undefined): string[] {
  return exec === undefined ? [] : [exec[0], ...exec[1].slice(1)];
}

type Properties = v.InferOutput<typeof propertiesSchema>['data'][0];

function lastProcess(properties: Properties): LastProcess {
  return {
    invocationId: invocationOf(properties),
    mainPid: properties.MainPID,
    code: properties.ExecMainCode,
    status: properties.ExecMainStatus,
    result: properties.Result,
  };
}

function invocationOf({ InvocationID }: Properties): string {
  return Buffer.from(InvocationID).toString('hex');
}

function unitStatus(name: string, properties: Properties): UnitStatus {
  return {
    name,
    loadState: properties.LoadState,
    activeState: properties.ActiveState,
    subState: properties.SubState,
    result: properties.Result,
    mainPid: properties.MainPID,
    lastPid: properties.ExecMainPID,
    startedMs: properties.ExecMainStartTimestampMonotonic / 1000,
    invocationId: invocationOf(properties),
    restarts: properties.NRestarts,
    execStart: programAndArguments(properties.ExecStart[0]),
    startPre: properties.ExecStartPre.map(([, argv]) => argv.join(' ')),
    environment: properties.Environment,
    environmentFiles: properties.EnvironmentFiles.map(([path, optional]) => ({ path, optional })),
    fragmentPath: properties.FragmentPath,
    dropInPaths: properties.DropInPaths,
    deniesAddresses: properties.IPAddressDeny.length > 0,
    execStarts: properties.ExecStart.length,
    needsReload: properties.NeedDaemonReload,
    stateSinceMs: properties.StateChangeTimestampMonotonic / 1000,
  };
}

// The unit as systemd would load its files now, when they differ from what it has loaded.

import { isDeepStrictEqual } from 'node:util';
import { basename } from 'node:path';
import { parseUnitFiles, resolvedBy, type UnitSettings } from '../../kubelet/unit-files.ts';
import type { ConfigSources } from '../../kubelet/config.ts';
import { nextArgv } from '../../kubelet/configured.ts';
import { configPaths } from '../../kubelet/running.ts';
import type { KubeletUnit } from '../../kubelet/unit.ts';
import { settleAll } from '../../time/settle.ts';
import type { HostFiles, Systemd, UnitStatus } from '../ports.ts';
import { readConfig, readUnit } from './files.ts';
import { readUnitTexts, textsOf } from './unit-texts.ts';

export interface PendingUnit {
  readonly unit: KubeletUnit;
  readonly config: ConfigSources;
  /** How many ExecStart= it would have. systemd refuses any number but one. */
  readonly execStarts: number;
  /** What differs from the loaded unit, for a person; not empty. */
  readonly differences: readonly string[];
}

/**
 * Returns the unit after a daemon-reload, from the kubelet on as `loaded`; undefined when none is pending, or when it would change neither arguments nor environment:
 * some programs write a drop-in again at each start.
 */
export async function readPendingUnit(
  ports: { readonly systemd: Systemd; readonly files: HostFiles },
  status: UnitStatus,
  loaded: Pick<KubeletUnit, 'execStart'>,
): Promise<PendingUnit | undefined> {
  if (!status.needsReload && !(await hasNewDropIn(ports.files, status))) {
    return undefined;
  }
  const settings = resolved(parseUnitFiles(textsOf(await readUnitTexts(ports.files, status))), status);
  const differences = differencesOf(settings, status);
  if (differences.length === 0) {
    return undefined;
  }
  const { execStart, environment, environmentFiles } = settings;
  const [argv = []] = execStart;
  const kubeletAt = Math.max(0, argv.indexOf(loaded.execStart[0] ?? ''));
  const { unit } = await readUnit(ports, {
    ...status,
    execStart: argv.slice(kubeletAt),
    environment,
    environmentFiles,
  });
  const config = await readConfig(ports.files, configPaths(nextArgv(unit)));
  return { unit, config, execStarts: execStart.length, differences };
}

/** NeedDaemonReload stays false for the first drop-in in a folder that did not exist at the last reload (systemd's unit_path_cache). */
async function hasNewDropIn(files: HostFiles, { name, dropInPaths }: UnitStatus): Promise<boolean> {
  const folders = ['/etc/systemd/system', '/run/systemd/system'];
  const found = await settleAll(folders.map((folder) => files.glob(`${folder}/${name}.d/*.conf`)));
  return found.flat().some((path) => !dropInPaths.includes(path));
}

function resolved(
  { execStart, startPre, environment, environmentFiles }: UnitSettings,
  loaded: UnitStatus,
): UnitSettings {
  return {
    startPre,
    execStart: execStart.map((argv) =>
      argv.map((word, at) => (at === 0 ? pathOf : resolvedBy)(word, loaded.execStart[at])),
    ),
    environment: environment.map((entry) => {
      const key = entry.slice(0, entry.indexOf('=') + 1);
      return resolvedBy(
        entry,
        loaded.environment.findLast((other) => other.startsWith(key)),
      );
    }),
    environmentFiles: environmentFiles.map((file, at) => ({
      ...file,
      path: resolvedBy(file.path, loaded.environmentFiles[at]?.path),
    })),
  };
}

/** systemd finds a program without a folder in its own search path. */
function pathOf(program: string, loaded: string | undefined): string {
  const isFound = !program.includes('/') && loaded !== undefined && basename(loaded) === program;
  return isFound ? loaded : resolvedBy(program, loaded);
}

function differencesOf(settings: UnitSettings, loaded: UnitStatus): readonly string[] {
  const [argv = [], ...more] = settings.execStart;
  const [next, now] = [variables(settings.environment), variables(loaded.environment)];
  const changed = [...new Set([...next.keys(), ...now.keys()])].filter(
    (key) => next.get(key) !== now.get(key),
  );
  return [
    ...(more.length > 0 ? [`${settings.execStart.length} ExecStart= in place of one`] : []),
    ...(isDeepStrictEqual(argv, loaded.execStart) ? [] : [`ExecStart=${argv.join(' ')}`]),
    ...(changed.length === 0 ? [] : [`another Environment= of ${changed.join(', ')}`]),
    ...(isDeepStrictEqual(settings.environmentFiles, loaded.environmentFiles)
      ? []
      : [`EnvironmentFile= ${pathsOf(settings)} in place of ${pathsOf(loaded)}`]),
  ];
}

function variables(entries: readonly string[]): ReadonlyMap<string, string> {
  return new Map(entries.map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
}

function pathsOf({ environmentFiles }: Pick<UnitSettings, 'environmentFiles'>): string {
  return environmentFiles.length === 0 ? 'nothing' : environmentFiles.map(({ path }) => path).join(', ');
}

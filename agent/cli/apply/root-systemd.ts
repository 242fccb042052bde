// systemd of an image that is being built, as its files say it: no unit runs.

import { posix } from 'node:path';
import { parseUnitFiles, type UnitSettings } from '../../kubelet/unit-files.ts';
import { readUnitTexts, type UnitTexts } from '../../node/observe/unit-texts.ts';
import type { HostFiles, Systemd, UnitStatus } from '../../node/ports.ts';
import { quote } from '../../text/quote.ts';
import { PlanError } from '../plan/plan-answer.ts';

/** systemd's own library, in the folders of the distributions: its name holds the version. */
const LIBRARIES = ['/usr/lib/systemd', '/usr/lib/*/systemd', '/lib/systemd', '/lib/*/systemd'].map(
  (folder) => `${folder}/libsystemd-shared-*.so`,
);

const UNITS = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** Answers what the files below the folder can say. Every call that needs a systemd that runs rejects. */
export function rootSystemd(files: HostFiles): Systemd {
  return {
    status: async (unit) =>
      statusOf(unit, await readUnitTexts(files, { name: unit, fragmentPath: '', dropInPaths: [] })),
    version: () => versionIn(files),
    services: async (pattern) => {
      const found = await Promise.all(UNITS.map((folder) => files.glob(`${folder}/${pattern}.service`)));
      return [...new Set(found.flat().map((path) => posix.basename(path)))];
    },
    tryRestart: () => Promise.reject(new Error('An image that is being built restarts nothing')),
    startFailed: () => Promise.reject(new Error('An image that is being built starts nothing')),
    journal: () => Promise.resolve([]),
    ending: () => Promise.resolve(undefined),
  };
}

function statusOf(name: string, { fragment, dropIns }: UnitTexts): UnitStatus {
  const settings = parseUnitFiles([fragment?.text ?? '', ...dropIns.map(({ text }) => text)]);
  const [execStart = []] = settings.execStart;
  const isMasked = fragment?.text === '';
  const isBad = settings.execStart.length !== 1;
  const loadState =
    fragment === undefined ? 'not-found' : isMasked ? 'masked' : isBad ? 'bad-setting' : 'loaded';
  if (loadState === 'loaded') {
    expectNoSpecifiers(name, settings);
  }
  return {
    name,
    loadState,
    activeState: 'inactive',
    subState: 'dead',
    result: 'success',
    mainPid: 0,
    lastPid: 0,
    startedMs: 0,
    invocationId: '',
    restarts: 0,
    execStart: execStart.map(withoutEscape),
    environment: settings.environment.map(withoutEscape),
    environmentFiles: settings.environmentFiles.map((file) => ({ ...file, path: withoutEscape(file.path) })),
    startPre: settings.startPre.map(withoutEscape),
    fragmentPath: fragment?.path ?? '',
    dropInPaths: dropIns.map(({ path }) => path),
    execStarts: settings.execStart.length,
    needsReload: false,
    stateSinceMs: 0,
  };
}

/** A specifier such as %H stands for what is known on the node alone. */
function expectNoSpecifiers(name: string, { execStart, environment, environmentFiles }: UnitSettings): void {
  const texts = [...execStart.flat(), ...environment, ...environmentFiles.map(({ path }) => path)];
  const found = texts.find((text) => /%[^%]/u.test(text.replaceAll('%%', '')));
  if (found !== undefined) {
    throw new PlanError({
      kind: 'refused',
      message:
        `${name} has ${quote(found)}, whose specifier stands for what only the node knows. Nothing was written. ` +
        'Run kubelet-sysctls apply --host on the node, before its kubelet starts.',
      file: name,
    });
  }
}

function withoutEscape(text: string): string {
  return text.replaceAll('%%', '%');
}

async function versionIn(files: HostFiles): Promise<number> {
  const found = (await Promise.all(LIBRARIES.map((pattern) => files.glob(pattern)))).flat();
  const versions = [...new Set(found.map((path) => /shared-v?(\d+)[^/]*\.so$/u.exec(path)?.[1]))];
  const [only] = versions;
  if (only === undefined || versions.length > 1) {
    throw new PlanError({
      kind: 'refused',
      message:
        'The version of its systemd decides how environment files are read. Expected one libsystemd-shared-VERSION.so below ' +
        `usr/lib, found ${versions.length === 0 ? 'none' : found.join(', ')}. Nothing was written.`,
    });
  }
  return Number(only);
}

// `plan --unit-show`: what `systemctl show` printed of the kubelet's unit, and a folder with the node's files.

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { hostFiles } from '../../host/files/files.ts';
import { resolveHostPath } from '../../host/files/paths.ts';

import { nextArgv } from '../../kubelet/configured.ts';
import { readUsableEnvironmentFiles } from '../../kubelet/environment/environment.ts';
import { takesLoneVariable } from '../../kubelet/exec-start.ts';
import { findAssignment } from '../../kubelet/environment/environment-file.ts';
import { UNPRINTABLE } from '../../kubelet/quoted-words.ts';
import { configPaths } from '../../kubelet/running.ts';
import { EXTRA_ARGS, type KubeletUnit } from '../../kubelet/unit.ts';
import { parseUnitShow, UnitShowError, type ShownUnit } from '../../kubelet/unit-show.ts';
import { NotRegularFileError } from '../../node/not-regular.ts';
import { readConfig, readEntry } from '../../node/observe/files.ts';
import type { HostFiles } from '../../node/ports.ts';
import { count } from '../../text/count.ts';
import { errorText } from '../../text/error-text.ts';
import { PlanError, type ShownNode } from './plan-answer.ts';

/**
 * Reads the unit from `showFile` (`-` is standard input) and its files below the folder `root`; links resolve as on the
 * node. Throws a PlanError when systemd could not start the unit, or a file cannot be read.
 */
export async function readUnitShow(showFile: string, root: string): Promise<ShownNode> {
  const shown = parse(showFile, await readText(showFile));
  await expectFolder(root);
  // With root `/` the prefix is empty.
  const prefix = resolve(root).replace(/\/$/u, '');
  const files = readableFiles(prefix);
  try {
    const unit = await readUnit(files, shown);
    const hidden = hiddenNotes(shown, unit, showFile);
    const paths = configPaths(nextArgv(unit));
    const config = await readConfig(files, paths);
    const missing = await missingFiles(prefix, unit, paths);
    return {
      unit,
      config,
      isAssumed: false,
      unitFiles: shown.unitFiles,
      notes: [...hidden, ...missing.map((path) => missingNote(path, root))],
    };
  } catch (error) {
    if (!(error instanceof NotRegularFileError)) throw error;
    throw new PlanError({ kind: 'refused', message: error.message, file: error.path });
  }
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = path === '-' ? await buffer(process.stdin) : await readFile(path);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PlanError({
      message: `Expected what systemctl show printed, as UTF-8 text, got ${errorText(error)}.`,
      file: path,
    });
  }
}

function parse(path: string, text: string): ShownUnit {
  try {
    return parseUnitShow(text);
  } catch (error) {
    if (!(error instanceof UnitShowError)) throw error;
    const { kind, message, line } = error;
    throw new PlanError({ kind, message, file: path, ...(line === undefined ? {} : { line }) });
  }
}

async function expectFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  throw new PlanError({
    message: `Expected --root to be the folder that contains the node's files, found ${found === undefined ? 'nothing' : 'no folder'}.`,
    file: root,
  });
}

/** The host's files, read-only. */
function readableFiles(prefix: string): HostFiles {
  const files = hostFiles(prefix, () => Promise.reject(new Error('permission denied')));
  return {
    ...files,
    async read(path) {
      try {
        return await files.read(path);
      } catch (error) {
        if (error instanceof NotRegularFileError) throw error;
        const message = `Expected ${path} to be readable, got ${errorText(error)}.`;
        throw new PlanError({ kind: 'refused', message, file: path });
      }
    },
  };
}

async function readUnit(
  files: HostFiles,
  { name, execStart, environment, environmentFiles, startPre, systemdVersion }: ShownUnit,
): Promise<KubeletUnit> {
  const entries = await Promise.all(environmentFiles.map((entry) => readEntry(files, entry)));
  return {
    name,
    execStart,
    environment,
    startPre,
    environmentFiles: entries.flat().map(({ file }) => file),
    systemdVersion,
  };
}

/**
 * Returns a note about the variables of Environment= that the text hides. Throws a PlanError when KUBELET_EXTRA_ARGS may be
 * one of them: the assignment in the file would have to keep its value, which is unknown.
 */
function hiddenNotes({ hiddenVariables }: ShownUnit, unit: KubeletUnit, showFile: string): readonly string[] {
  if (hiddenVariables === 0) return [];
  const found =
    `systemctl printed ${count(hiddenVariables, 'variable')} of Environment= as ${UNPRINTABLE}, as old versions do ` +
    'when a value contains a blank.';
  const isAssigned = readUsableEnvironmentFiles(unit).some(
    ({ document }) => document !== undefined && findAssignment(document, EXTRA_ARGS) !== undefined,
  );
  if (isAssigned || !takesLoneVariable(unit.execStart, EXTRA_ARGS))
    return [`${found} This plan ignores that part of Environment=.`];
  throw new PlanError({
    kind: 'refused',
    message: `${found} ${EXTRA_ARGS} may be among them. Write "KEY=value" in place of ${UNPRINTABLE}.`,
    file: showFile,
  });
}

/** Returns the missing files without which systemd or the kubelet would not start. */
async function missingFiles(
  prefix: string,
  { environmentFiles }: KubeletUnit,
  { config, configDir }: ReturnType<typeof configPaths>,
): Promise<readonly string[]> {
  const required = [
    ...environmentFiles.filter(({ optional }) => !optional).map(({ path }) => path),
    ...[config, configDir].filter((path) => path !== undefined),
  ];
  const found = await Promise.all(
    required.map(async (path) => stat(await resolveHostPath(prefix, path)).catch(() => undefined)),
  );
  return required.filter((_, at) => found[at] === undefined);
}

function missingNote(path: string, root: string): string {
  return `The unit needs ${path}, which is not below ${root}. This plan reads it as empty.`;
}

// Computes the kubelet's environment: Environment= first, then the environment files; the last assignment wins.

import {
  EnvironmentFileError,
  parseEnvironmentFile,
  type Assignment,
  type EnvironmentDocument,
} from './environment-file.ts';
import type { EnvironmentFileOnDisk, KubeletUnit } from '../unit.ts';

export interface ParsedEnvironmentFile {
  readonly file: EnvironmentFileOnDisk;
  /** undefined: the file does not exist, or systemd ignores it. */
  readonly document: EnvironmentDocument | undefined;
}

/** The value of a variable and its source. */
export interface VariableInForce {
  readonly value: string;
  /** For a person: `KEY in /etc/default/kubelet, line 3`. */
  readonly origin: string;
  /** `text`: the whole file as a byte string. undefined: Environment= assigns it. */
  readonly assigned:
    | { readonly path: string; readonly text: string; readonly assignment: Assignment }
    | undefined;
}

/** An environment file with an EnvironmentFileError: the agent does not edit it. */
export class RefusedFileError extends Error {
  override readonly name = 'RefusedFileError';
  readonly path: string;
  override readonly cause: EnvironmentFileError;

  constructor(path: string, cause: EnvironmentFileError) {
    super(cause.message);
    this.path = path;
    this.cause = cause;
  }
}

/**
 * Parses every environment file of the unit.
 *
 * @throws RefusedFileError for the first file that systemd ignores or reads differently from version to version.
 */
export function readEnvironmentFiles(unit: KubeletUnit): readonly ParsedEnvironmentFile[] {
  return unit.environmentFiles.map((file) => {
    try {
      return { file, document: parse(unit, file) };
    } catch (error) {
      throw error instanceof EnvironmentFileError ? new RefusedFileError(file.path, error) : error;
    }
  });
}

/** Like readEnvironmentFiles, but treats a refused file as missing, as systemd does. */
export function readUsableEnvironmentFiles(unit: KubeletUnit): readonly ParsedEnvironmentFile[] {
  return unit.environmentFiles.map((file) => {
    try {
      return { file, document: parse(unit, file) };
    } catch (error) {
      if (error instanceof EnvironmentFileError) return { file, document: undefined };
      throw error;
    }
  });
}

/** Returns every variable of the kubelet's environment with its origin. */
export function environmentInForce(
  unit: KubeletUnit,
  files: readonly ParsedEnvironmentFile[],
): ReadonlyMap<string, VariableInForce> {
  const environment = new Map<string, VariableInForce>();
  for (const entry of unit.environment) {
    const equals = entry.indexOf('=');
    const key = entry.slice(0, equals);
    const origin = `${key} in Environment= of ${unit.name}`;
    if (equals > 0) environment.set(key, { value: entry.slice(equals + 1), origin, assigned: undefined });
  }
  for (const { file, document } of files) {
    for (const assignment of document?.assignments ?? []) {
      const { key, value, line } = assignment;
      const origin = `${key} in ${file.path}, line ${line}`;
      environment.set(key, {
        value,
        origin,
        assigned: { path: file.path, text: document?.text ?? '', assignment },
      });
    }
  }
  return environment;
}

function parse(unit: KubeletUnit, file: EnvironmentFileOnDisk): EnvironmentDocument | undefined {
  return file.content === undefined ? undefined : parseEnvironmentFile(file.content, unit.systemdVersion);
}

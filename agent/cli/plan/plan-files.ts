// `plan --environment-file`: kubeadm's unit, the environment file and, where given, the kubelet's config files.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFile } from '../../kubelet/config.ts';
import { EXTRA_ARGS, type KubeletUnit } from '../../kubelet/unit.ts';
import { errorText } from '../../text/error-text.ts';
import { PlanError, type ShownNode } from './plan-answer.ts';

/** The options that name the files. */
export interface FileFlags {
  readonly environmentFile: string;
  readonly kubeletConfig?: string;
  readonly kubeletConfigDir?: string;
}

/** Reads the files that the options name, and assumes kubeadm's unit. Throws a PlanError when one cannot be read. */
export async function readFiles({
  environmentFile,
  kubeletConfig,
  kubeletConfigDir,
}: FileFlags): Promise<ShownNode> {
  return {
    unit: kubeadmUnit({ path: environmentFile, content: await readIfThere(environmentFile) }),
    config: {
      config: kubeletConfig === undefined ? undefined : await readRequired(kubeletConfig),
      dropIns: kubeletConfigDir === undefined ? [] : await readConfigFolder(kubeletConfigDir),
    },
    isAssumed: true,
    unitFiles: [],
    notes: [],
  };
}

/** Mirrors 10-kubeadm.conf of the official packages, with one environment file. */
function kubeadmUnit(file: { readonly path: string; readonly content: Uint8Array | undefined }): KubeletUnit {
  return {
    name: 'kubelet.service',
    execStart: [
      '/usr/bin/kubelet',
      '$KUBELET_KUBECONFIG_ARGS',
      '$KUBELET_CONFIG_ARGS',
      '$KUBELET_KUBEADM_ARGS',
      `$${EXTRA_ARGS}`,
    ],
    environment: [],
    environmentFiles: [{ ...file, optional: true, fromGlob: false, isCopy: true }],
    systemdVersion: undefined,
  };
}

/** Returns a file's bytes; undefined when it does not exist. Throws a PlanError when it cannot be read. */
async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
}

/** Reads a file that must exist. Throws a PlanError when it cannot be read. */
async function readRequired(path: string): Promise<ConfigFile> {
  const content = await readIfThere(path);
  if (content === undefined) {
    throw new PlanError({
      message: `Expected the file ${path}, found none. Leave the option out if the node has no such file.`,
      file: path,
    });
  }
  return { path, content };
}

/** Reads every `.conf` file below a folder. Throws a PlanError when one cannot be read. */
async function readConfigFolder(folder: string): Promise<readonly ConfigFile[]> {
  let entries;
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
  const paths = entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.conf'))
    .map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map(readRequired));
}

function unreadable(path: string, error: unknown): PlanError {
  return new PlanError({ message: `Expected ${path} to be readable, got ${errorText(error)}.`, file: path });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

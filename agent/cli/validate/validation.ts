// Validates a ConfigMap file, for `validate` and, before anything else, for both `plan` commands.

import { inspectPolicy } from '../../policy/parse.ts';
import type { Policy, PolicyError } from '../../policy/policy.ts';
import { type Judgement, judge } from '../../sysctl/judge.ts';
import { NEWEST_KUBELET, type Version } from '../../sysctl/version.ts';
import { ConfigMapFileError, parseConfigMap, policyErrorOf, readConfigMapFile } from '../config-map-file.ts';

export interface Validation {
  readonly valid: boolean;
  /** Every item that the ConfigMap names, once, in the order of the ConfigMap. */
  readonly allowances: readonly Judgement[];
  readonly errors: readonly PolicyError[];
}

export interface ValidatedFile {
  readonly validation: Validation;
  /** undefined when the file is not valid. */
  readonly policy: Policy | undefined;
  /** Why the file is not a readable ConfigMap; undefined when it is one. */
  readonly fileError: ConfigMapFileError | undefined;
}

interface Versions {
  readonly kubelet: Version;
  /** undefined: new enough for every sysctl. */
  readonly kernel: Version | undefined;
}

/** Agents validate for the newest kubelet: what an older one refuses is left out on its node, without an error. */
const ANY_NODE: Versions = { kubelet: NEWEST_KUBELET, kernel: undefined };

/** Reads a ConfigMap file (`-` is standard input) and validates it for nodes with these versions. Returns all errors. */
export async function validateFile(path: string, versions: Versions = ANY_NODE): Promise<ValidatedFile> {
  try {
    return validated(await readConfigMapFile(path), versions);
  } catch (error) {
    return refused(error);
  }
}

/** As validateFile, for any node, and for text that is in memory; `path` appears only in errors. */
export function validateText(text: string, path: string): ValidatedFile {
  try {
    return validated(parseConfigMap(text, path), ANY_NODE);
  } catch (error) {
    return refused(error);
  }
}

function validated(data: Readonly<Record<string, string>>, versions: Versions): ValidatedFile {
  const { entries, result } = inspectPolicy(data, versions.kubelet);
  const named = new Set(entries.map(({ pattern }) => pattern));
  const validation = {
    valid: result.ok,
    allowances: [...named].map((pattern) => judge(pattern, versions)),
    errors: result.ok ? [] : result.errors,
  };
  return { validation, policy: result.ok ? result.policy : undefined, fileError: undefined };
}

function refused(error: unknown): ValidatedFile {
  if (!(error instanceof ConfigMapFileError)) throw error;
  return { validation: unreadable(error), policy: undefined, fileError: error };
}

/** Returns the same shape for a file that is not a readable ConfigMap: one error, with its line in the file. */
function unreadable(error: ConfigMapFileError): Validation {
  return { valid: false, allowances: [], errors: [policyErrorOf(error)] };
}

// A ConfigMap file and what is wrong with it: what `validate` prints as JSON, and what each `plan` asks first.

import { inspectPolicy } from '../../policy/parse.ts';
import type { Policy, PolicyError } from '../../policy/policy.ts';
import { type Judgement, judge } from '../../sysctl/judge.ts';
import { NEWEST_KUBELET, type Version } from '../../sysctl/version.ts';
import { ConfigMapFileError, readConfigMapFile } from '../config-map-file.ts';

export interface Validation {
  readonly valid: boolean;
  /** Every item that the ConfigMap names, in its order, each once. */
  readonly allowances: readonly Judgement[];
  readonly errors: readonly PolicyError[];
}

export interface ValidatedFile {
  readonly validation: Validation;
  /** undefined when it is not valid. */
  readonly policy: Policy | undefined;
  /** Why the file holds no ConfigMap that could be judged; undefined when it does. */
  readonly fileError: ConfigMapFileError | undefined;
}

interface Versions {
  readonly kubelet: Version;
  /** undefined: taken to be new enough. */
  readonly kernel: Version | undefined;
}

/** Agents judge by the newest kubelet: what an older one refuses is left out there, and is no error. */
const ANY_NODE: Versions = { kubelet: NEWEST_KUBELET, kernel: undefined };

/** Reads a ConfigMap file (`-` is standard input) and judges it for nodes with these versions. Throws nothing of its own. */
export async function validateFile(path: string, versions: Versions = ANY_NODE): Promise<ValidatedFile> {
  try {
    const { entries, result } = inspectPolicy(await readConfigMapFile(path), versions.kubelet);
    const named = new Set(entries.map(({ pattern }) => pattern));
    const validation = {
      valid: result.ok,
      allowances: [...named].map((pattern) => judge(pattern, versions)),
      errors: result.ok ? [] : result.errors,
    };
    return { validation, policy: result.ok ? result.policy : undefined, fileError: undefined };
  } catch (error) {
    if (!(error instanceof ConfigMapFileError)) throw error;
    return { validation: unreadable(error), policy: undefined, fileError: error };
  }
}

/** The same shape for a file that is no readable ConfigMap: one error, with its line within the file. */
function unreadable(error: ConfigMapFileError): Validation {
  const place = error.line === undefined ? error.path : `${error.path}:${error.line}`;
  return {
    valid: false,
    allowances: [],
    errors: [{ key: '', line: error.line ?? 1, message: `${place}: ${error.message}` }],
  };
}

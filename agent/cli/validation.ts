// What `validate` finds, as data: the JSON that it prints.

import { inspectPolicy } from '../policy/parse.ts';
import type { PolicyError } from '../policy/policy.ts';
import { type Judgement, judge } from '../sysctl/judge.ts';
import type { Version } from '../sysctl/version.ts';
import type { ConfigMapFileError } from './config-map-file.ts';

export interface Validation {
  readonly valid: boolean;
  /** Every item that the ConfigMap names, in its order, each once. */
  readonly allowances: readonly Judgement[];
  readonly errors: readonly PolicyError[];
}

/** Judges a ConfigMap's data for nodes with these versions; a kernel of undefined is taken to be new enough. */
export function validateData(
  data: Readonly<Record<string, string>>,
  node: { readonly kubelet: Version; readonly kernel: Version | undefined },
): Validation {
  const { entries, result } = inspectPolicy(data, node.kubelet);
  const named = new Set(entries.map(({ pattern }) => pattern));
  return {
    valid: result.ok,
    allowances: [...named].map((pattern) => judge(pattern, node)),
    errors: result.ok ? [] : result.errors,
  };
}

/** The same shape for a file that is no readable ConfigMap: one error, with its line within the file. */
export function unreadable(error: ConfigMapFileError): Validation {
  const place = error.line === undefined ? error.path : `${error.path}:${error.line}`;
  return {
    valid: false,
    allowances: [],
    errors: [{ key: '', line: error.line ?? 1, message: `${place}: ${error.message}` }],
  };
}

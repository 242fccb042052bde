// The files of tests that the matrix runs on every kubelet.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = 'test/e2e';
const CHECKOUT = join(import.meta.dirname, '..', '..');

/** Files that do not depend on the kubelet's version, and why. Every other file runs on every kubelet. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'api/admission.test.ts': 'sends requests to the API server only',
  'api/api-server-away.test.ts': 'is about the agent and the API server, and waits for a minute',
  'bed.test.ts': 'makes beds of its own, with kubelets of its own',
  'api/coordinator-admission.test.ts': 'sends requests to the API server only',
  'fleet/coordinator.test.ts': 'is about the coordinator, which treats all kubelets alike',
  'fleet/idle.test.ts': 'counts the requests of the agents, and watches for a minute',
  'fleet/joining.test.ts': 'is about the coordinator',
  'api/manifests.test.ts': 'sends requests to the API server only',
  'fleet/plugin.test.ts': 'is about the plugin',
  'api/policy-errors.test.ts': 'is about the ConfigMap, which no kubelet sees',
  'fleet/rollout.test.ts': 'is about the coordinator',
};

/** The files of test/machines that depend on the kubelet's version. */
export const VM_FILES: readonly string[] = ['main-job', 'failed-change'].map(
  (name) => `test/machines/${name}.test.ts`,
);

/** Returns the files' paths in the checkout, sorted. */
export async function matrixFiles(): Promise<readonly string[]> {
  return filesToRun(await readdir(join(CHECKOUT, FOLDER), { recursive: true }));
}

/** Returns the files to run, given the paths in test/e2e; throws when a file of LEFT_OUT is not among them. */
export function filesToRun(names: readonly string[]): readonly string[] {
  const gone = Object.keys(LEFT_OUT).filter((name) => !names.includes(name));
  if (gone.length > 0) {
    throw new Error(
      `Expected ${gone.join(', ')} in ${FOLDER}, found none. Correct LEFT_OUT in scripts/matrix/files.ts.`,
    );
  }
  const run = names.filter((name) => name.endsWith('.test.ts') && LEFT_OUT[name] === undefined);
  return run.toSorted().map((name) => `${FOLDER}/${name}`);
}

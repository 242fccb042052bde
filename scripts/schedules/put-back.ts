// Puts a fault back into a copy of the checkout, and asks whether the random schedules find it there.

import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Edit, Fault } from './faults.ts';

const FOLDERS = ['agent', 'scripts', 'test'];
const SETTINGS = /^[\w.-]+\.(?:json|config\.ts)$/u;
const TEST_FILES = {
  node: 'test/node/schedule/schedule.test.ts',
  coordinator: 'test/rollout/schedule/schedule.test.ts',
} as const;
const OWN_VARIABLES = /^KUBELET_SYSCTLS_/u;
const FEW = [3, 15];
/** An enclosing vitest would have them read by the one that is started here. */
const VITEST_VARIABLES = /^VITEST/u;

export interface Found {
  /** Schedules that were run up to the first that failed, this one included. */
  readonly schedules: number;
  /** Which invariant, or what the schedule says in its place. */
  readonly invariant: string;
}

export interface PutBackOptions {
  readonly schedules: number;
  readonly seed: number;
}

/**
 * Runs schedules on a copy of `root` with the fault in it; undefined when they do not find it. Throws as `applyEdits` does, and
 * when the same schedules fail without the fault too.
 */
export async function findFault(
  root: string,
  fault: Fault,
  { schedules, seed }: PutBackOptions,
): Promise<Found | undefined> {
  const found = await firstFound(root, fault, { schedules, seed });
  if (found === undefined) {
    return undefined;
  }
  // A coordinator's run asks more of all its schedules together than the first few may give.
  const enough = fault.schedules === 'node' ? found.schedules : schedules;
  const control = await runOnCopy(root, withoutEdits(fault), { schedules: enough, seed });
  if (control !== undefined) {
    throw new Error(`Without ${fault.id} schedule ${control.schedules} fails too: ${control.invariant}.`);
  }
  return found;
}

/** In growing runs of the same schedules: a node's run does not end at the first that fails. */
async function firstFound(
  root: string,
  fault: Fault,
  { schedules, seed }: PutBackOptions,
): Promise<Found | undefined> {
  const few = fault.schedules === 'node' ? FEW.filter((count) => count < schedules) : [];
  for (const count of [...few, schedules]) {
    const found = await runOnCopy(root, fault, { schedules: count, seed });
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function withoutEdits({ id, what, schedules, plot }: Fault): Fault {
  return { id: `the source without ${id}`, what, schedules, ...(plot !== undefined && { plot }), edits: [] };
}

async function runOnCopy(
  root: string,
  fault: Fault,
  { schedules, seed }: PutBackOptions,
): Promise<Found | undefined> {
  const copy = await copyCheckout(root);
  try {
    await applyEdits(copy, fault);
    const args = ['run', TEST_FILES[fault.schedules], '--project=unit', '--no-color'];
    const { all, failed } = await execa('vitest', args, {
      cwd: copy,
      localDir: copy,
      preferLocal: true,
      reject: false,
      all: true,
      stdin: 'ignore',
      extendEnv: false,
      env: {
        ...environment(),
        KUBELET_SYSCTLS_SCHEDULES: String(schedules),
        KUBELET_SYSCTLS_SEED: String(seed),
        KUBELET_SYSCTLS_SURVEY: '1',
        ...(fault.plot !== undefined && { KUBELET_SYSCTLS_ONLY: fault.plot }),
      },
    });
    return failed ? firstFinding(all, fault) : undefined;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Throws when a text to replace does not occur exactly once: the source has changed, and the edit must follow it. */
export async function applyEdits(root: string, { id, edits }: Pick<Fault, 'id' | 'edits'>): Promise<void> {
  expectFolder(root);
  for (const { file, search, replace } of edits) {
    const path = join(root, file);
    const text = await readFile(path, 'utf8');
    const parts = text.split(search);
    if (parts.length !== 2) {
      throw new Error(outdatedText(id, { file, search, replace }, parts.length - 1));
    }
    await writeFile(path, parts.join(replace));
  }
}

/** What the schedules found first; undefined when that is not what the fault breaks. Throws when the test did not get as far. */
export function firstFinding(output: string, { id, invariant }: Fault): Found | undefined {
  const node = [...output.matchAll(/first in number (\d+): .*? \[([\w-]+)\]/gu)].map(
    ([, number, name = '']) => ({ schedules: Number(number), invariant: name }),
  );
  const coordinator = [...output.matchAll(/Schedule (\d+) failed\./gu)].map(([, number]) => ({
    schedules: Number(number),
    // vitest's diff: the first fault that the schedule reports.
    invariant: /\+\s+"([^":{[]+)/u.exec(output)?.[1] ?? 'not named',
  }));
  const found = [...node, ...coordinator];
  if (found.length === 0) {
    throw new Error(`The schedules with ${id} failed without a finding:\n${output.slice(-4000)}`);
  }
  return found
    .filter((one) => invariant === undefined || one.invariant === invariant)
    .toSorted((one, other) => one.schedules - other.schedules)[0];
}

async function copyCheckout(root: string): Promise<string> {
  expectFolder(root);
  const copy = await mkdtemp(join(tmpdir(), 'kubelet-sysctls-put-back-'));
  const settings = (await readdir(root)).filter((name) => SETTINGS.test(name));
  for (const name of [...FOLDERS, ...settings]) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function expectFolder(root: string): void {
  if (root === '') {
    throw new Error('Expected the folder of a checkout, got an empty path.');
  }
}

function environment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.test(name) && !VITEST_VARIABLES.test(name)),
  );
}

function outdatedText(id: string, { file, search }: Edit, times: number): string {
  return (
    `Expected ${file} to hold the text that ${id} replaces once, got it ${times} times. ` +
    `Update the edit of ${id} in scripts/schedules/faults.ts. The text:\n${search}`
  );
}

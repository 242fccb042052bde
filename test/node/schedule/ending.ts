// Checks some time after the last fault, and after mode Restore.

import { allowedByLabels } from '../../../agent/policy/labelled.ts';
import { JOURNAL_FILE } from '../../../agent/node/state/state-store.ts';
import { KEYS, STATE_DIR } from '../../../agent/names.ts';
import { allows } from './model/cluster.ts';
import type { Violations } from './invariants.ts';
import { ENVIRONMENT_FILE } from './model/kubelet.ts';
import { withoutOurFlag } from './model/our-flag.ts';
import { SYSCTLS } from './scenario.ts';
import type { World } from './model/world.ts';

const MOST_QUIET_WRITES = 12;

/** Two minutes after the last fault. */
export function expectReported(world: World, violations: Violations): void {
  const { cluster, setup } = world;
  const { mode, allowedUnsafeSysctls: list = '' } = cluster.policy;
  const desired = cluster.annotations[KEYS.desired] ?? '';
  const isSame = desired.split(',').toSorted().join() === list.split(',').toSorted().join();
  if (setup.units === 'writable' && mode === undefined && world.isPolicyValid && !isSame) {
    violations.add(
      'reported-in-time',
      `the policy wants ${list}, and the Node shows ${desired || 'nothing'}`,
    );
  }
}

/** When everything has settled. `writesBefore`: the number of writes to the API before the last, quiet part. */
export function expectSettled(world: World, violations: Violations, writesBefore: number): void {
  const { cluster, kubelet } = world;
  const state = cluster.annotations[KEYS.state];
  const isOwnChoice = isCrashingByChoice(world);
  if (!kubelet.isHealthy && !isOwnChoice) {
    violations.add('kubelet-healthy', `the kubelet is ${kubelet.status().activeState}, the node ${state}`);
  }
  const left = world.leftBehind();
  if (left.length > 0) {
    violations.add('nothing-left', `left: ${left.join(', ')}`);
  }
  const writes = cluster.writes.slice(writesBefore);
  if (writes.length > MOST_QUIET_WRITES) {
    const last = writes.slice(-6).map(({ what }) => what);
    violations.add('writes-bounded', `${writes.length} writes in 5 min, the last: ${last.join(', ')}`);
  }
  if (state === 'Done' && !isOwnChoice) {
    expectDone(world, violations);
  }
  expectBytes(world, violations);
  expectLabels(world, violations);
}

/** Whether mode Restore can complete: the kubelet stays healthy, and the host takes writes. */
export function mayRestore(world: World): boolean {
  const { setup, kubelet } = world;
  return kubelet.isHealthy && kubelet.process?.isDoomed !== true && setup.units === 'writable';
}

/** After mode Restore. */
export function expectRestored(world: World, violations: Violations): void {
  const { cluster } = world;
  const { disk, others, isEditedByOthers } = world;
  const text = disk.text(ENVIRONMENT_FILE);
  const isRestored = isEditedByOthers ? text?.includes('allowed-unsafe-sysctls') !== true : text === others;
  if (!isRestored) {
    const state = `${cluster.annotations[KEYS.state]}: ${cluster.annotations[KEYS.reason]}`;
    violations.add('restored', `expected ${JSON.stringify(others)}, got ${JSON.stringify(text)} (${state})`);
  }
  const labels = allowedByLabels(cluster.labels);
  if (cluster.annotations[KEYS.state] === 'Done' && labels.length > 0) {
    violations.add('labels-true', `labels are left after Restore: ${labels.join(', ')}`);
  }
  const left = world.leftBehind();
  if (left.length > 0) {
    violations.add('nothing-left', `left after Restore: ${left.join(', ')}`);
  }
}

/** A kubelet that crashes now and then starts after the last report. */
function expectLabels(world: World, violations: Violations): void {
  const { cluster, kubelet } = world;
  const { mode, allowedUnsafeSysctls: list = '' } = cluster.policy;
  const running = kubelet.process?.allowances ?? [];
  if (!kubelet.isHealthy || kubelet.process?.isDoomed === true || mode !== undefined) {
    return;
  }
  const shown = allowedByLabels(cluster.labels);
  const wrong = shown.filter((name) => !allows(running, name));
  // What a kubelet was started with is not always known.
  const isKnown = world.isPolicyValid && cluster.annotations[KEYS.running] !== undefined;
  const named = isKnown ? list.split(',') : [];
  const missing = named.filter((name) => allows(running, name) && !shown.includes(name));
  if (wrong.length + missing.length > 0) {
    violations.add(
      'labels-true',
      `the kubelet allows ${running.join(', ')}; the labels say ${shown.join(', ')}`,
    );
  }
}

function expectDone(world: World, violations: Violations): void {
  const { kubelet, cluster } = world;
  const desired = SYSCTLS.filter((name) => cluster.annotations[KEYS.desired]?.split(',').includes(name));
  const missing = desired.filter((name) => !allows(kubelet.process?.allowances ?? [], name));
  if (missing.length > 0) {
    violations.add('done-is-true', `the node is Done, and the kubelet runs without ${missing.join(', ')}`);
  }
}

function expectBytes(world: World, violations: Violations): void {
  const { disk, others, isEditedByOthers } = world;
  const text = disk.text(ENVIRONMENT_FILE);
  const isAsOthers = text === others;
  if (!isAsOthers && withoutOurFlag(text) !== withoutOurFlag(others)) {
    violations.add(
      'file-bytes',
      `expected ${JSON.stringify(others)} with or without our flag, got ${JSON.stringify(text)}`,
    );
  }
  if (isAsOthers || isEditedByOthers || disk.node(JOURNAL_FILE) !== undefined) {
    return;
  }
  const original = remembered(world)?.originals?.find(({ file }) => file === ENVIRONMENT_FILE);
  const bytes = world.setup.file;
  const expected = bytes === undefined ? null : Buffer.from(bytes).toString('base64');
  if (original?.bytes !== expected) {
    violations.add('original-kept', `the original is remembered as ${JSON.stringify(original ?? 'nothing')}`);
  }
}

function remembered(world: World): { originals?: { file?: unknown; bytes?: unknown }[] } | undefined {
  const text = world.disk.text(`${STATE_DIR}/state.json`);
  const state: unknown = text === undefined ? undefined : JSON.parse(text);
  return typeof state === 'object' && state !== null ? state : undefined;
}

/** Whether the policy itself makes the kubelet crash, later than the soak can detect. */
function isCrashingByChoice(world: World): boolean {
  const { setup, kubelet } = world;
  return (
    setup.refusedAfterMs > setup.policy.nodeSoakSeconds * 1000 &&
    (kubelet.process?.isDoomed === true || kubelet.crashesMs.length > 0)
  );
}

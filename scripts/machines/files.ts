// Which files of test/machines a run has: parts of their paths.

import type { VmSystem } from '../bed/node/layouts.ts';

/** Those of the short form, which `npm test` has too: minutes, also where QEMU emulates the processor. */
export const SHORT_FILES: readonly string[] = ['resources', 'interrupted'];

/** What each system proves that others do not; none: every file. */
export const FILES: Readonly<Record<VmSystem, readonly string[]>> = {
  debian13: [],
  debian12: ['main-job', 'failed-change', 'apparmor'],
  'debian13-selinux': ['selinux'],
};

import { configDefaults, defineConfig } from 'vitest/config';

/** Each worker has a bed of its own; a kept bed serves one. */
const BEDS = process.env['KUBELET_SYSCTLS_E2E_BED'] === undefined ? 2 : 1;

// scripts/test.ts runs the tiers in this order; e2e and faults share their beds, so they are one project.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Nearly half of its time a test waits: for a program that it runs, or a timer.
          maxWorkers: 4,
          // A machine that does something else besides is slow, and property tests try much.
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            'test/contract/**',
            'test/e2e/**',
            'test/faults/**',
            'test/machines/**',
          ],
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          // Most of a test waits for the other program.
          maxWorkers: 2,
        },
      },
      {
        test: {
          // Nodes that are virtual machines, emulated where KVM does not work: one at a time.
          name: 'machines',
          include: ['test/machines/**/*.test.ts'],
          globalSetup: ['test/machines/setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          // The faults' long form has troubles of ten minutes.
          testTimeout: process.env['KUBELET_SYSCTLS_FAULTS'] === 'long' ? 3_600_000 : 300_000,
          hookTimeout: 1_800_000,
          maxWorkers: BEDS,
          // Those that are concurrent wait rather than compute.
          maxConcurrency: 16,
          pool: 'threads',
          isolate: false,
        },
      },
    ],
  },
});

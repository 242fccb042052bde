// Compares our grammar, namespaces, coverage and safe list with the kubelet's own, for each version.

import { release } from 'node:os';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowanceProblem } from '../../../agent/sysctl/allowance.ts';
import { coveredBy } from '../../../agent/sysctl/coverage.ts';
import { isSafe } from '../../../agent/sysctl/safe.ts';
import { compareVersions, type Version } from '../../../agent/sysctl/version.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { item, sysctlNear } from '../../sysctl/arbitraries.ts';
import { SAFE_NAMES } from '../../sysctl/safe-names.ts';
import { version } from '../../sysctl/versions.ts';
import { runs } from '../runs.ts';
import { RealAllowlist } from './real-allowlist.ts';

const VERSIONS = ['1.29.6', '1.36.3', '1.37.2'];
const NO_GO = whyNoGo();
const KERNELS = ['3.15', '3.16', '4.4', '4.5', '4.5.7', '4.6', '4.14', '4.15', '6.1'];
const PATTERNS = runs(8000);
const LISTS = { ...runs(2000), seed: PATTERNS.seed };

describe.skipIf(NO_GO !== undefined).each(VERSIONS)(
  `kubelet %s (${NO_GO ?? `seed ${PATTERNS.seed}`})`,
  (text) => {
    const kubelet = version(text);
    let real: RealAllowlist;
    beforeAll(async () => {
      real = await RealAllowlist.start(text);
    });
    afterAll(() => real.close());

    it('accepts and refuses the same patterns as allowanceProblem', async () => {
      const seen = { accepted: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(item, async (pattern) => {
          const isRefused = (await real.errorOf(pattern)) !== '';
          seen[isRefused ? 'refused' : 'accepted'] += 1;
          expect(allowanceProblem(pattern, kubelet) !== undefined).toBe(isRefused);
        }),
        PATTERNS,
      );
      // The generator must produce enough of both kinds.
      expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(PATTERNS.numRuns / 10);
    });

    it('admits the same sysctls as coveredBy for a list of allowances', async () => {
      const seen = { admitted: 0, forbidden: 0 };
      const accepted = item.filter((pattern) => allowanceProblem(pattern, kubelet) === undefined);
      const cases = fc
        .array(accepted, { minLength: 1, maxLength: 4 })
        .chain((allowances) =>
          fc.tuple(fc.constant(allowances), fc.array(sysctlNear(allowances), { minLength: 1, maxLength: 6 })),
        );
      await fc.assert(
        fc.asyncProperty(cases, async ([allowances, sysctls]) => {
          const admitted = await real.admits(allowances, sysctls);
          for (const isAdmitted of admitted) {
            seen[isAdmitted ? 'admitted' : 'forbidden'] += 1;
          }
          expect(sysctls.map((sysctl) => coveredBy(allowances, sysctl))).toEqual(admitted);
        }),
        LISTS,
      );
      expect(Math.min(seen.admitted, seen.forbidden)).toBeGreaterThan(LISTS.numRuns / 10);
    });

    it('admits everything that a pattern stands for exactly when coveredBy covers the pattern', async () => {
      const accepted = item.filter((pattern) => allowanceProblem(pattern, kubelet) === undefined);
      const patterns = accepted.filter((pattern) => pattern.endsWith('*'));
      const pairs = fc.oneof(
        fc.tuple(accepted, patterns),
        patterns.map((pattern) => [pattern.replace('*', '').replace(/[./]$/u, ''), pattern] as const),
      );
      await fc.assert(
        fc.asyncProperty(pairs, async ([allowance, pattern]) => {
          fc.pre(allowanceProblem(allowance, kubelet) === undefined);
          const stem = pattern.slice(0, -1);
          const admitted = await real.admits([allowance], [stem, `${stem}0`, `${stem}a_b.c`]);
          expect(coveredBy([allowance], pattern)).toBe(admitted.every(Boolean));
        }),
        LISTS,
      );
    });

    it('treats the same sysctls as safe as isSafe, on the kernel of this machine and on others', async () => {
      const { here, safe } = await real.safe();
      // Our names are included, to find one that only isSafe accepts.
      const names = [...new Set([...SAFE_NAMES, ...safe.map(({ name }) => name)])];
      const ours = (kernel: Version | undefined): ReadonlySet<string> =>
        new Set(names.filter((name) => isSafe(name, kubelet, kernel)));
      expect(ours(version(release()))).toEqual(new Set(here));
      for (const kernel of KERNELS.map(version)) {
        const expected = safe.filter(
          (row) => row.kernel === '' || compareVersions(kernel, version(row.kernel)) >= 0,
        );
        expect(ours(kernel)).toEqual(new Set(expected.map(({ name }) => name)));
      }
      expect(ours(undefined)).toEqual(new Set(safe.map(({ name }) => name)));
    });
  },
);

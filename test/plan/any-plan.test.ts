import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromByteString, toByteString } from '../../agent/kubelet/environment/bytes.ts';
import { findAssignment, parseEnvironmentFile } from '../../agent/kubelet/environment/environment-file.ts';
import { planChange } from '../../agent/plan/plan.ts';
import type { Planned, PlanInput } from '../../agent/plan/types.ts';
import { coveredBy } from '../../agent/sysctl/coverage.ts';
import { allowances, goodFile } from '../kubelet/arbitraries.ts';
import { configFile, kubeadmUnit } from '../kubelet/units.ts';

interface Case {
  /** A byte string; undefined: there is no file. */
  readonly file: string | undefined;
  readonly inConfig: readonly string[];
  readonly input: PlanInput;
}

const TIMEOUT_MS = 600_000;

const cases: fc.Arbitrary<Case> = fc
  .record({
    file: fc.option(goodFile, { nil: undefined, freq: 8 }),
    desired: allowances,
    ours: allowances,
    folded: allowances,
    inConfig: allowances,
    kubeadm: fc.option(allowances, { nil: undefined, freq: 2 }),
    unmanaged: fc.constantFrom('Keep', 'Remove'),
    goal: fc.constantFrom('Apply', 'Apply', 'Apply', 'Restore'),
  })
  .map(({ file, inConfig, kubeadm, ours, folded, ...choices }) => {
    const flags = `KUBELET_KUBEADM_ARGS=--allowed-unsafe-sysctls=${(kubeadm ?? []).join(',')}\n`;
    const content = file === undefined ? undefined : fromByteString(file);
    return {
      file,
      inConfig,
      input: {
        ...choices,
        unit: kubeadmUnit(content, kubeadm === undefined ? {} : { kubeadmFlags: flags }),
        config: configFile(`[${inConfig.map((item) => `"${item}"`).join(', ')}]`),
        lastApplied: { ours, folded },
      },
    };
  });

it(
  'never changes a word other than our flag',
  () => {
    check(({ words }) => {
      expect(notOurs(words.after)).toEqual(notOurs(words.before));
    });
  },
  TIMEOUT_MS,
);

it(
  'changes no byte outside the value of KUBELET_EXTRA_ARGS',
  () => {
    check((plan, { file }) => {
      const before = file ?? '';
      const after = toByteString(plan.after ?? new Uint8Array());
      const document = parseEnvironmentFile(fromByteString(before), 252);
      const assignment = findAssignment(document, 'KUBELET_EXTRA_ARGS');
      const tail = assignment === undefined ? '' : before.slice(assignment.to);
      expect(after.startsWith(before.slice(0, assignment?.valueFrom)) && after.endsWith(tail)).toBe(true);
      expect(plan.changed).toBe(after !== before);
    });
  },
  TIMEOUT_MS,
);

it(
  'allows everything that is desired, and nothing that neither the policy nor the node had',
  () => {
    check(({ configured, desired }, { inConfig }) => {
      expect(desired.filter((item) => !coveredBy(configured.after, item))).toEqual([]);
      const asked = [...desired, ...configured.before, ...inConfig];
      expect(configured.after.filter((item) => !asked.includes(item))).toEqual([]);
    });
  },
  TIMEOUT_MS,
);

it(
  'keeps what was allowed before, except what the agent may drop',
  () => {
    check(({ configured }, { input }) => {
      const { ours, folded } = input.lastApplied;
      const mayGo =
        input.unmanaged === 'Remove' || input.goal === 'Restore' ? configured.before : [...ours, ...folded];
      const lost = configured.before.filter((item) => !coveredBy(configured.after, item));
      expect(lost.filter((item) => !mayGo.includes(item))).toEqual([]);
    });
  },
  TIMEOUT_MS,
);

it(
  'plans no second change after the first one is applied',
  () => {
    check((plan, { input }) => {
      const environmentFiles = input.unit.environmentFiles.map((file) =>
        file.path === plan.file ? { ...file, content: plan.after } : file,
      );
      const unit = { ...input.unit, environmentFiles };
      const again = planChange({ ...input, unit, lastApplied: plan.remember });
      expect(again).toMatchObject({ kind: 'planned', changed: false, remember: plan.remember });
    });
  },
  TIMEOUT_MS,
);

function check(test: (plan: Planned, one: Case) => void): void {
  fc.assert(
    fc.property(cases, (one) => {
      const plan = planChange(one.input);
      if (plan.kind !== 'planned') throw new Error(`Expected a plan, got ${JSON.stringify(plan)}.`);
      test(plan, one);
    }),
    { numRuns: Number(process.env['RUNS'] ?? 500) },
  );
}

/** The words except those of our flag. No generated word is a flag that would take one of them as its value. */
function notOurs(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => !OURS.test(word) && !OURS_ALONE.test(words[index - 1] ?? ''));
}

const OURS = /^--allowed[-_]unsafe[-_]sysctls(=|$)/;
const OURS_ALONE = /^--allowed[-_]unsafe[-_]sysctls$/;

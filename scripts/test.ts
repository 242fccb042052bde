// npm test: runs every tier in turn, then prints what ran, what was skipped and why. `npm test -- unit` runs one tier.

import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { ensureHostPackages, whyNoBed, whyNoVm } from './bed/build/host-packages.ts';
import { consoleLog } from './bed/util/progress.ts';
import { whyNoGo } from './bed/build/go.ts';
import { SHORT_FILES } from './machines/files.ts';
import { type Counts, type Failure, runVitest } from './entry/run-vitest.ts';

const HELP = `Usage: npm test [-- TIER …]

Tiers, in order:
  check     compiler, lint, format, the picture of the architecture, and the words that are not used
  unit      the pure core, the use cases with fakes, the adapters; takes seconds
  contract  our parsers against the real kubelet, pflag and systemd, the chart with real Helm; the first run builds them;
            KUBELET_SYSCTLS_CONTRACT=long tries ten times as many inputs
  e2e       real nodes: systemd, containerd, kubelet and a control plane; the first run builds Kubernetes;
            KUBELET_SYSCTLS_E2E=long adds the test bed's own cases, a second way to install the chart, and every way to install a release
  faults    the same nodes and their API server with injected faults; KUBELET_SYSCTLS_FAULTS=long runs for hours
  machines  a node that is a virtual machine: an edit, and three power cuts in the middle of a change; npm run machines has more

Without a TIER all of them run, e2e and faults as one, on the same nodes. Exit codes: 0 nothing failed, 1 a test failed, 2 wrong usage.
`;

const TIERS = ['check', 'unit', 'contract', 'e2e', 'faults', 'machines'] as const;
type Tier = (typeof TIERS)[number];
/** Tiers of one run share their nodes, whose start takes a minute. */
const RUNS: readonly (readonly Tier[])[] = [
  ['check'],
  ['unit'],
  ['contract'],
  ['e2e', 'faults'],
  ['machines'],
];

interface Ran extends Counts {
  readonly failures: readonly Failure[];
  /** Why all tests were skipped. */
  readonly why?: string;
}

interface Outcome extends Ran {
  /** A tier, or two that ran as one. */
  readonly title: string;
  readonly seconds: number;
}

const CHECKS: readonly (readonly [string, ...string[]])[] = [
  ['tsc', '--noEmit'],
  ['tsc', '--noEmit', '-p', 'agent/cli/kubectl/dashboard/page'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['oxfmt', '--check'],
  ['node', 'scripts/architecture.ts', '--check'],
  ['node', 'scripts/words.ts'],
];

interface TestTier {
  /** What vitest runs. */
  readonly args: readonly [project: string, ...paths: string[]];
  /** Returns why this machine cannot run it; undefined when it can. */
  readonly whyNot: () => string | undefined;
}

const TESTS: Readonly<Record<Exclude<Tier, 'check'>, TestTier>> = {
  unit: { args: ['--project=unit'], whyNot: () => undefined },
  contract: { args: ['--project=contract'], whyNot: whyNoGo },
  e2e: { args: ['--project=e2e', 'test/e2e/'], whyNot: whyNoBed },
  faults: { args: ['--project=e2e', 'test/faults/'], whyNot: whyNoBed },
  machines: { args: ['--project=machines', ...SHORT_FILES], whyNot: whyNoVm },
};

/** Lines of an error that are printed at the end: a property's seed and counterexample stand there. */
const MOST_LINES = 12;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = positionals.find((name) => !isTier(name));
  if (unknown !== undefined) {
    process.stderr.write(`Expected a tier (${TIERS.join(', ')}), got ${unknown}\n\n${HELP}`);
    return 2;
  }
  if (whyNoBed() === undefined) {
    await ensureHostPackages(consoleLog());
  }
  const outcomes: Outcome[] = [];
  for (const tiers of RUNS) {
    const asked = tiers.filter((tier) => positionals.length === 0 || positionals.includes(tier));
    if (asked.length > 0) outcomes.push(await runTiers(asked));
  }
  process.stdout.write(summary(outcomes));
  return outcomes.some(({ failed }) => failed > 0) ? 1 : 0;
}

function isTier(name: string): name is Tier {
  return TIERS.some((tier) => tier === name);
}

async function runTiers(tiers: readonly Tier[]): Promise<Outcome> {
  const title = tiers.join('+');
  process.stdout.write(`\n━━ ${title}\n`);
  const started = performance.now();
  const tests = tiers.flatMap((tier) => (tier === 'check' ? [] : TESTS[tier]));
  const counts = await (tests.length === 0 ? runChecks() : runTests(tests));
  return { title, ...counts, seconds: (performance.now() - started) / 1000 };
}

async function runChecks(): Promise<Ran> {
  const failures: Failure[] = [];
  for (const [command, ...args] of CHECKS) {
    process.stdout.write(`${command} ${args.join(' ')}\n`);
    const { failed } = await execa(command, args, { preferLocal: true, stdio: 'inherit', reject: false });
    if (failed) failures.push({ title: [command, ...args].join(' ') });
  }
  return { passed: CHECKS.length - failures.length, failed: failures.length, skipped: 0, failures };
}

async function runTests(tiers: readonly TestTier[]): Promise<Ran> {
  const args = [...new Set(tiers.flatMap((tier) => tier.args))];
  const why = tiers[0]?.whyNot();
  if (why !== undefined) {
    process.stdout.write(`skipped: ${why}\n`);
    return { passed: 0, failed: 0, skipped: await countTests(args), failures: [], why };
  }
  return runVitest(args);
}

async function countTests(args: readonly string[]): Promise<number> {
  const { stdout } = await execa('vitest', ['list', ...args, '--json'], { preferLocal: true });
  const tests: unknown = JSON.parse(stdout);
  return Array.isArray(tests) ? tests.length : 0;
}

/** Returns what failed, for a reader who sees only the end of a long output. */
function failureText({ title: tiers, failures }: Outcome): readonly string[] {
  return failures.flatMap(({ title, message = '' }) => [
    `failed: ${tiers}: ${title}`,
    ...message
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, MOST_LINES)
      .map((line) => `  ${line}`),
  ]);
}

function summary(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(
    ({ title, passed, failed, skipped, seconds, why }) =>
      `${title.padEnd(10)}${String(passed).padStart(7)}${String(failed).padStart(8)}${String(skipped).padStart(9)}` +
      `${`${seconds.toFixed(0)} s`.padStart(8)}${why === undefined ? '' : `   skipped: ${why}`}`,
  );
  const total = (key: 'passed' | 'failed' | 'skipped'): number =>
    outcomes.reduce((sum, outcome) => sum + outcome[key], 0);
  return [
    '',
    ...outcomes.flatMap(failureText),
    '',
    'tier       passed  failed  skipped    time',
    ...rows,
    '',
    `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`,
    '',
  ].join('\n');
}

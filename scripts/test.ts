// npm test: runs every tier in turn, then prints what ran, what was skipped and why. `npm test -- unit` runs one tier.

import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { ensureHostPackages, whyNoBed } from './bed/build/host-packages.ts';
import { consoleLog } from './bed/util/progress.ts';
import { whyNoGo } from './bed/build/go.ts';
import { type Counts, type Failure, runVitest } from './entry/run-vitest.ts';

const HELP = `Usage: npm test [-- TIER …]

Tiers, in order:
  check     compiler, lint, format, the picture of the architecture, and the words that are not used
  unit      the pure core, the use cases with fakes, the adapters; takes seconds
  contract  our parsers against the real kubelet, pflag and systemd, the chart with real Helm; the first run builds them
  e2e       real nodes: systemd, containerd, kubelet and a control plane; the first run builds Kubernetes
  faults    the same nodes and their API server with injected faults; KUBELET_SYSCTLS_FAULTS=long runs for hours

Without a TIER all of them run. Exit codes: 0 nothing failed, 1 a test failed, 2 wrong usage.
`;

const TIERS = ['check', 'unit', 'contract', 'e2e', 'faults'] as const;
type Tier = (typeof TIERS)[number];

interface Ran extends Counts {
  readonly failures: readonly Failure[];
  /** Why all tests were skipped. */
  readonly why?: string;
}

interface Outcome extends Ran {
  readonly tier: Tier;
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

/** Each returns why this machine cannot run a tier; undefined when it can. */
const WHY_NOT: Readonly<Record<Exclude<Tier, 'check'>, () => string | undefined>> = {
  unit: () => undefined,
  contract: whyNoGo,
  e2e: whyNoBed,
  faults: whyNoBed,
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
  for (const tier of TIERS) {
    if (positionals.length === 0 || positionals.includes(tier)) {
      outcomes.push(await runTier(tier));
    }
  }
  process.stdout.write(summary(outcomes));
  return outcomes.some(({ failed }) => failed > 0) ? 1 : 0;
}

function isTier(name: string): name is Tier {
  return TIERS.some((tier) => tier === name);
}

async function runTier(tier: Tier): Promise<Outcome> {
  process.stdout.write(`\n━━ ${tier}\n`);
  const started = performance.now();
  const counts = await (tier === 'check' ? runChecks() : runTests(tier));
  return { tier, ...counts, seconds: (performance.now() - started) / 1000 };
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

async function runTests(tier: Exclude<Tier, 'check'>): Promise<Ran> {
  const why = WHY_NOT[tier]();
  if (why !== undefined) {
    process.stdout.write(`skipped: ${why}\n`);
    return { passed: 0, failed: 0, skipped: await countTests(tier), failures: [], why };
  }
  return runVitest(['--project', tier]);
}

async function countTests(tier: Tier): Promise<number> {
  const { stdout } = await execa('vitest', ['list', '--project', tier, '--json'], { preferLocal: true });
  const tests: unknown = JSON.parse(stdout);
  return Array.isArray(tests) ? tests.length : 0;
}

/** Returns what failed, for a reader who sees only the end of a long output. */
function failureText({ tier, failures }: Outcome): readonly string[] {
  return failures.flatMap(({ title, message = '' }) => [
    `failed: ${tier}: ${title}`,
    ...message
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, MOST_LINES)
      .map((line) => `  ${line}`),
  ]);
}

function summary(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(
    ({ tier, passed, failed, skipped, seconds, why }) =>
      `${tier.padEnd(10)}${String(passed).padStart(7)}${String(failed).padStart(8)}${String(skipped).padStart(9)}` +
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

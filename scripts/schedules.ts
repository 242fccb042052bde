// npm run schedules: the long form of the random schedules of one node's agent (test/node/schedule).

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { errorText } from '../agent/text/error-text.ts';
import { type Fault, FAULTS } from './schedules/faults.ts';
import { findFault, type Found } from './schedules/put-back.ts';

const PUT_BACK_RUNS = 60;
const PUT_BACK_SEED = 1;
const FAULT_IDS = FAULTS.map(({ id }) => id).join(', ');

const HELP = `Usage: npm run schedules [-- --runs N] [--seed N [--path PATH]] [--only PLOT] [--survey]
       npm run schedules -- --put-back [--runs N] [--seed N] [ID …]

Runs one node's agent on a modelled host in random schedules: its calls are late, fail or finish out of order, it is
killed anywhere, and users edit file, policy and pods. In the end the node must be correct. \`npm test\` runs a few.

  --runs N     how many schedules (20000)
  --seed N     repeats the schedules of an earlier run, which printed its seed
  --path PATH  with --seed: only the failed schedule, whose path was printed with the seed
  --only PLOT  schedules made for one kind of trouble, such as E8 (test/node/schedule/scenario.ts)
  --survey     continues after a failure, and prints the first of each kind
  --put-back   shows that the schedules find faults: puts each fault that they found once (or those with the given IDs) into
               a temporary copy of this checkout, and runs ${PUT_BACK_RUNS} schedules there, or --runs; without the fault these must
               pass. Prints a table. IDs: ${FAULT_IDS}. E1 is not among them:
               its machinery, a change prepared ahead of its pass, is gone.

Progress goes to stderr. Exit codes: 0 nothing failed, 1 a schedule failed or a fault was not found, 2 wrong usage.
`;
const RUNS = 20_000;
const CHECKOUT = join(import.meta.dirname, '..');
const TEST_FILE = 'test/node/schedule/schedule.test.ts';

interface PutBack {
  readonly faults: readonly Fault[];
  readonly schedules: number;
  readonly seed: number;
}

/** What the arguments ask for. */
type Asked =
  | { readonly putBack: PutBack }
  | { readonly putBack: undefined; readonly env: Readonly<Record<string, string>> };

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const asked = parse(args);
  if (typeof asked === 'number') return asked;
  return asked.putBack === undefined ? runSchedules(asked.env) : putBack(asked.putBack);
}

async function runSchedules(env: Readonly<Record<string, string>>): Promise<number> {
  const command = ['run', TEST_FILE, '--project=unit', '--disableConsoleIntercept=true'];
  const { failed } = await execa('vitest', command, {
    preferLocal: true,
    reject: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    env,
  });
  return failed ? 1 : 0;
}

/** Prints which of the faults are found. */
async function putBack({ faults, schedules, seed }: PutBack): Promise<number> {
  const rows: (readonly [string, string])[] = [];
  for (const fault of faults) {
    process.stderr.write(`${fault.id}: ${fault.what} …\n`);
    const found = await findFault(CHECKOUT, fault, { schedules, seed }).catch(errorOf);
    if (found instanceof Error) process.stderr.write(`${found.message}\n`);
    rows.push([fault.id, foundText(found, schedules)]);
  }
  process.stdout.write(rows.map(([id, text]) => `${id.padEnd(5)}${text}\n`).join(''));
  return rows.some(([, text]) => text.startsWith('NOT FOUND')) ? 1 : 0;
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function foundText(found: Found | Error | undefined, schedules: number): string {
  if (found instanceof Error) return 'NOT FOUND: the schedules could not be run';
  return found === undefined
    ? `NOT FOUND in ${schedules} schedules`
    : `found after ${String(found.schedules).padStart(3)} schedules: ${found.invariant}`;
}

/** The environment that the test reads, or the faults to put back; an exit code when there is nothing to run. */
function parse(args: string[]): Asked | number {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        runs: { type: 'string' },
        seed: { type: 'string' },
        path: { type: 'string' },
        only: { type: 'string' },
        survey: { type: 'boolean' },
        'put-back': { type: 'boolean' },
      },
    });
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    if (values['put-back'] === true) {
      const { runs = String(PUT_BACK_RUNS), seed = String(PUT_BACK_SEED) } = values;
      return {
        putBack: {
          faults: faultsOf(positionals),
          schedules: Number(wholeNumber('--runs', runs)),
          seed: Number(wholeNumber('--seed', seed)),
        },
      };
    }
    if (positionals.length > 0) {
      throw new Error(`Expected IDs only with --put-back, got ${positionals.join(' ')}.`);
    }
    const { runs = String(RUNS), seed, path, only, survey } = values;
    return {
      putBack: undefined,
      env: {
        KUBELET_SYSCTLS_SCHEDULES: wholeNumber('--runs', runs),
        ...(seed !== undefined && { KUBELET_SYSCTLS_SEED: wholeNumber('--seed', seed) }),
        ...(path !== undefined && { KUBELET_SYSCTLS_PATH: path }),
        ...(only !== undefined && { KUBELET_SYSCTLS_ONLY: only }),
        ...(survey === true && { KUBELET_SYSCTLS_SURVEY: '1' }),
      },
    };
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n\n${HELP}`);
    return 2;
  }
}

/** All of them when no ID is given. Throws for an ID that no fault has. */
function faultsOf(ids: readonly string[]): readonly Fault[] {
  const unknown = ids.find((id) => !FAULTS.some((fault) => fault.id === id));
  if (unknown !== undefined) {
    throw new Error(`Expected one of ${FAULT_IDS}, got ${unknown}.`);
  }
  return ids.length === 0 ? FAULTS : FAULTS.filter(({ id }) => ids.includes(id));
}

/** Returns the number; throws when the text is not a whole number. */
function wholeNumber(option: string, text: string): string {
  if (!/^-?\d+$/u.test(text)) {
    throw new Error(`Expected ${option} to be a whole number, got ${text}.`);
  }
  return text;
}

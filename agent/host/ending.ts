// How a start of a unit ended, from systemd's properties and its own lines in the journal.

import * as v from 'valibot';
import type { Ending, UnitStatus } from '../node/ports.ts';
import type { RunOnHost } from './commands.ts';

/** The last main process of a unit, from systemd's properties. */
export interface LastProcess {
  readonly invocationId: string;
  readonly mainPid: number;
  /** ExecMainCode: a code of siginfo_t; 0 while the process runs. */
  readonly code: number;
  readonly status: number;
  readonly result: string;
}

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED (waitid(2)). */
const CODES = { 1: 'exited', 2: 'killed', 3: 'dumped' } as const;
/** SD_MESSAGE_UNIT_STOPPING (systemd src/systemd/sd-messages.h): a stop job of the unit began. */
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';
const LINES = 50;

const lineSchema = v.object({
  MESSAGE_ID: v.optional(v.string()),
  EXIT_CODE: v.optional(v.picklist(['exited', 'killed', 'dumped'])),
  EXIT_STATUS: v.optional(v.string()),
  UNIT_RESULT: v.optional(v.string()),
});
type Line = v.InferOutput<typeof lineSchema>;

/**
 * Returns how the start ended; undefined when neither the unit's properties nor the journal know it. The properties forget the process
 * when systemd starts the next one.
 */
export async function endingOf(
  run: RunOnHost,
  { name, invocationId }: Pick<UnitStatus, 'name' | 'invocationId'>,
  last: LastProcess,
): Promise<Ending | undefined> {
  // The properties may suffice where journald does not answer.
  const lines = await linesOf(run, name, invocationId).catch(() => []);
  const isByJob = lines.some(({ MESSAGE_ID: id }) => id === STOPPING);
  if (last.invocationId === invocationId && last.mainPid === 0 && isCode(last.code)) {
    return { isByJob, code: CODES[last.code], status: last.status, result: last.result };
  }
  if (last.invocationId === invocationId || lines.length === 0) {
    return undefined;
  }
  // systemd logs an exit and its result only when they count as a failure.
  const exit = lines.findLast(({ EXIT_CODE: code }) => code !== undefined);
  const result = lines.findLast(({ UNIT_RESULT: found }) => found !== undefined)?.UNIT_RESULT;
  return {
    isByJob,
    code: exit?.EXIT_CODE ?? 'exited',
    status: Number(exit?.EXIT_STATUS ?? 0),
    result: result ?? (exit === undefined ? 'success' : 'exit-code'),
  };
}

/** The lines that systemd itself logged of this start. */
async function linesOf(run: RunOnHost, name: string, invocationId: string): Promise<readonly Line[]> {
  const answer = await run([
    'journalctl',
    '--no-pager',
    '--output=json',
    '--output-fields=MESSAGE_ID,EXIT_CODE,EXIT_STATUS,UNIT_RESULT',
    `--lines=${LINES}`,
    '--boot',
    '_PID=1',
    `UNIT=${name}`,
    `INVOCATION_ID=${invocationId}`,
  ]);
  return answer
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => v.parse(lineSchema, JSON.parse(line)));
}

function isCode(code: number): code is keyof typeof CODES {
  return code in CODES;
}

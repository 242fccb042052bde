// `kubectl sysctls wait`: waits for the rollout, with an exit code for each result, for pipelines.

import { Command, Option } from 'commander';
import { decideRollout } from '../../../rollout/decide.ts';
import { count, span } from '../../../text/count.ts';
import { EXIT, Exit } from '../../exit.ts';
import { failureText } from '../errors.ts';
import { followFleet } from '../cluster/follow.ts';
import { throttle } from '../cluster/throttle.ts';
import { seconds } from '../options.ts';
import type { Program } from '../context.ts';
import { notRestored, restoreText } from '../views/restore-text.ts';
import { standingLine, statusLine } from '../views/status-text.ts';
import { statusView, type StatusView } from '../views/status-view.ts';

/** Exit codes of `wait` beside 0, 1 and 2. */
export const WAIT_EXIT = { halted: 3, timeout: 4 } as const;

interface Flags {
  readonly for: 'done';
  /** Seconds; 0: no limit. */
  readonly timeout: number;
}

const PROGRESS_MS = 2000;

/** The command `wait`. Throws an Exit when the rollout does not end well. */
export function waitCommand(program: Program): Command {
  return new Command('wait')
    .description('wait until every node that can be changed matches the policy')
    .addOption(new Option('--for <what>', 'the condition to wait for').choices(['done']).default('done'))
    .addOption(
      new Option('--timeout <time>', 'how long to wait, such as 90s or 1h; 0: no limit')
        .argParser(seconds)
        .default(600, '10m'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 not possible, 2 wrong usage, 3 the rollout halted or only failed nodes are left, 4 timeout.\n' +
        'With mode: Restore, 0 means that nothing of the agents is left on any host; 1: the nodes that are named keep it.',
    )
    .action(async (flags: Flags) => {
      const end = await waited(program, flags);
      program.stdout.write(`${end.text}\n`);
      if (end.code !== EXIT.ok) throw new Exit(end.code);
    });
}

export interface End {
  readonly code: number;
  readonly text: string;
}

/** Returns how `wait` ends with this status; undefined: it continues. */
export function endOf(view: StatusView): End | undefined {
  const { counts, phase, reason, policy } = view;
  const line = statusLine(view);
  if (!policy.valid) return { code: EXIT.no, text: reason };
  if (phase === 'Halted') return { code: WAIT_EXIT.halted, text: `${line}\n${reason}` };
  if (phase === 'Done') {
    const apart = counts.held + counts.lost;
    const notes = [
      ...(apart === 0 ? [] : [`${count(apart, 'node')} cannot be changed now. See kubectl sysctls status.`]),
      ...[restoreText(view) ?? []].flat(),
    ];
    // The agents must not be deleted while a host still holds something of theirs.
    const isLeft = (notRestored(view)?.length ?? 0) > 0;
    return { code: isLeft ? EXIT.no : EXIT.ok, text: [line, ...notes].join('\n') };
  }
  const moves = counts.waiting + counts.changing > 0;
  return !moves && counts.failed > 0 ? { code: WAIT_EXIT.halted, text: `${line}\n${reason}` } : undefined;
}

async function waited(program: Program, { timeout }: Flags): Promise<End> {
  const session = program.session();
  const ended = Promise.withResolvers<End>();
  const over = new AbortController();
  let reported = '';
  const view = (): StatusView => statusView({ ...following.fleet(), now: new Date(), decide: decideRollout });
  const check = throttle(
    () => {
      const now = view();
      const end = endOf(now);
      if (end !== undefined) ended.resolve(end);
      else progress(now);
    },
    100,
    over.signal,
  );
  const print = throttle(
    () => program.stderr.write(`${following.trouble() === undefined ? statusLine(view()) : reported}\n`),
    PROGRESS_MS,
    over.signal,
  );

  const following = await followFleet(session, check, ended.reject);
  const timers = [
    setInterval(check, PROGRESS_MS),
    ...(timeout > 0 ? [setTimeout(() => ended.resolve(timeUp()), timeout * 1000)] : []),
  ];
  try {
    check();
    return await ended.promise;
  } finally {
    over.abort();
    following.stop();
    timers.forEach(clearTimeout);
  }

  function progress(now: StatusView): void {
    const trouble = following.trouble();
    const key = trouble === undefined ? standingLine(now) : failureText(trouble, session.place);
    if (key !== reported) {
      reported = key;
      print();
    }
  }

  function timeUp(): End {
    const now = view();
    const trouble = following.trouble();
    const left =
      trouble === undefined ? `${statusLine(now)}\n${now.reason}` : failureText(trouble, session.place);
    return { code: WAIT_EXIT.timeout, text: `Not done after ${span(timeout)}. ${left}` };
  }
}

// `kubectl sysctls dashboard`: serves a page on 127.0.0.1 that shows the rollout as it happens.

import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { decideRollout } from '../../../rollout/decide.ts';
import { errorText } from '../../../text/error-text.ts';
import { exitCodeOf } from '../../exit.ts';
import { followFleet } from '../cluster/follow.ts';
import { throttle } from '../cluster/throttle.ts';
import type { Program } from '../context.ts';
import { answersFor } from '../dashboard/answers.ts';
import { pageAssets } from '../dashboard/assets.ts';
import { createFeed } from '../dashboard/feed.ts';
import type { ActRequest } from '../dashboard/messages.ts';
import { servePage, type PageServer, type Served } from '../dashboard/server.ts';
import { failureText, UserError } from '../errors.ts';
import { statusView } from '../views/status-view.ts';
import { pauseCommand, resumeCommand, retryCommand } from './pause-resume-retry.ts';

interface Flags {
  readonly port: number;
}

const HELP = `
The page acts with your own credentials, and nothing is opened in the cluster. Its address has a random token, valid until
this command ends (Ctrl-C): who has the address can pause, resume and retry as you can, so do not share it.`;

/** Shortest time between two updates of the pages. */
const UPDATE_MS = 250;
/** An update may take this share of the time at most: with many nodes updates are rarer. */
const LARGEST_SHARE = 0.25;
/** Ages and the time left change without an event. */
const TICK_MS = 1000;
const TOKEN_BYTES = 24;
const LARGEST_PORT = 65_535;

/** The command `dashboard`. */
export function dashboardCommand(program: Program): Command {
  return new Command('dashboard')
    .description(
      'serve a page on 127.0.0.1 that shows the rollout live, plans edits, pauses, resumes and retries',
    )
    .addOption(
      new Option('--port <number>', 'the port of the page; 0: a free one').argParser(portOf).default(0),
    )
    .addHelpText('after', HELP)
    .action(({ port }: Flags) => serveDashboard(program, port, program.interruption()));
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/u.test(text) && port <= LARGEST_PORT) return port;
  throw new InvalidArgumentError(`Expected a port from 0 to ${LARGEST_PORT}.`);
}

/** Serves the page until `interrupted` aborts, then resolves. Rejects when the fleet cannot be read or the port is taken. */
async function serveDashboard(program: Program, port: number, interrupted: AbortSignal): Promise<void> {
  const session = program.session();
  const ended = Promise.withResolvers<void>();
  const feed = createFeed(session.place);
  const schedule = throttle(update, UPDATE_MS, interrupted);
  let restUntilMs = 0;

  const assets = await pageAssets();
  const following = await followFleet(session, schedule, ended.reject);
  const timer = setInterval(schedule, TICK_MS);
  interrupted.addEventListener('abort', () => ended.resolve(), { once: true });
  if (interrupted.aborted) ended.resolve();
  let server: PageServer | undefined;
  try {
    update();
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const answers = answersFor({
      session,
      fleet: () => following.fleet(),
      act: (request) => act(program, request),
    });
    server = await listen(port, { assets, feed, token, answers });
    program.stdout.write(`Dashboard: http://127.0.0.1:${server.port}/${token}/\nPress Ctrl-C to end it.\n`);
    await ended.promise;
  } finally {
    clearInterval(timer);
    following.stop();
    server?.close();
  }

  function update(): void {
    const from = performance.now();
    // The timer comes back to what is left out here.
    if (from < restUntilMs) return;
    const [fleet, at, trouble] = [following.fleet(), new Date(), following.trouble()];
    const view = statusView({ ...fleet, now: at, decide: decideRollout });
    feed.update({
      fleet,
      view,
      at,
      trouble: trouble === undefined ? '' : failureText(trouble, session.place),
    });
    const tookMs = performance.now() - from;
    restUntilMs = from + tookMs / LARGEST_SHARE;
  }
}

async function listen(port: number, served: Served): Promise<PageServer> {
  try {
    return await servePage(port, served);
  } catch (error) {
    throw new UserError(
      `Expected to listen on port ${port} of 127.0.0.1, got ${errorText(error)}. Choose another with --port.`,
    );
  }
}

const ACTS = { pause: pauseCommand, resume: resumeCommand, retry: retryCommand } as const;

/** Runs the command of that name for the node, and returns what it prints. Throws as the command does; a UserError with what it printed. */
async function act(program: Program, { verb, node }: ActRequest): Promise<string> {
  const printed: string[] = [];
  const output = { write: (text: string) => printed.push(text) };
  const command = ACTS[verb]({ ...program, stdout: output, stderr: output })
    .exitOverride()
    .configureOutput({ writeOut: output.write, writeErr: output.write });
  try {
    await command.parseAsync(node === undefined ? [] : [node], { from: 'user' });
  } catch (error) {
    throw exitCodeOf(error) === undefined ? error : new UserError(printed.join('').trim());
  }
  return printed.join('').trim();
}

// `pause`, `resume` and `retry`: write what the user requests where the agents and the coordinator read it.

import { Command, Option } from 'commander';
import { INPUT_KEYS, CONFIG_MAP } from '../../../names.ts';
import { quote } from '../../../text/quote.ts';
import { EXIT, Exit } from '../../exit.ts';
import {
  onEachNode,
  targetsOf,
  type Done,
  type Tally,
  type Target,
  type Wanted,
} from '../cluster/each-node.ts';
import { readNode, shownNode } from '../cluster/nodes.ts';
import { annotate, DRY_RUN, patchPolicy, type DryRun } from '../cluster/write.ts';
import type { Program } from '../context.ts';
import { UserError } from '../errors.ts';
import type { Session } from '../session.ts';

interface Flags {
  readonly selector?: string;
  readonly dryRun: DryRun;
}

const HELP = `
Exit codes: 0 done, on every node; 1 not done, on one node at least; 2 wrong usage.
Names are literal. NODE may be written node/NAME, as kubectl prints it with -o name.`;

/** The command `pause [NODE...]`. Throws an Exit with code 1 when a node could not be paused. */
export function pauseCommand(program: Program): Command {
  return steering(
    'pause',
    'start no further change, on all nodes or on some; changes under way are finished',
    'the nodes to pause; default: all nodes',
  ).action(async (names: readonly string[], flags: Flags, command: Command) => {
    const wanted = wantedNodes(command, names, flags);
    const session = program.session();
    if (wanted === undefined) {
      await patchPolicy(session, { paused: 'true' }, flags.dryRun);
      const further =
        flags.dryRun === 'server' ? '' : ' No further change starts. To resume: kubectl sysctls resume';
      say(program, `Paused${dry(flags)}: ${keyOf(session)} is set to "true".${further}`);
      return;
    }
    const tally = await setPause(program, session, { wanted, word: 'Paused', value: 'true', flags });
    if (tally.done > 0 && flags.dryRun === 'none') {
      say(program, `The other nodes continue. To resume: kubectl sysctls resume ${argumentOf(wanted)}`);
    }
    end(tally);
  });
}

/** The command `resume [NODE...]`. Throws an Exit with code 1 when a node could not be resumed. */
export function resumeCommand(program: Program): Command {
  return steering(
    'resume',
    'end the pause of the rollout or of some nodes',
    'the paused nodes; default: the pause of all nodes',
  ).action(async (names: readonly string[], flags: Flags, command: Command) => {
    const wanted = wantedNodes(command, names, flags);
    const session = program.session();
    if (wanted === undefined) {
      await patchPolicy(session, { paused: null }, flags.dryRun);
      say(program, `Resumed${dry(flags)}: ${keyOf(session)} is removed.`);
      return;
    }
    end(await setPause(program, session, { wanted, word: 'Resumed', value: null, flags }));
  });
}

/** The command `retry NODE...`. Throws an Exit with code 1 when no retry could be requested for a node. */
export function retryCommand(program: Program): Command {
  return steering(
    'retry',
    'retry the failed change of nodes now, without waiting for its backoff',
    'the nodes whose change failed',
  ).action(async (names: readonly string[], flags: Flags, command: Command) => {
    const wanted = wantedNodes(command, names, flags);
    if (wanted === undefined) {
      command.error('error: Expected the name of a node, or -l with a label selector, got neither.', {
        exitCode: EXIT.usage,
      });
    }
    const session = program.session();
    const targets = await targetsOf(session, wanted);
    end(await onEachNode(program, session, targets, (target) => retry(session, target, flags)));
  });
}

function steering(name: string, description: string, nodes: string): Command {
  return new Command(name)
    .description(description)
    .argument('[node...]', nodes)
    .option('-l, --selector <selector>', 'all nodes with these labels, such as pool=blue,zone!=a')
    .addOption(
      new Option('--dry-run <strategy>', 'server: the API server checks each request, and keeps nothing')
        .choices(DRY_RUN)
        .default('none'),
    )
    .addHelpText('after', HELP);
}

const NODE_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/u;

/** Returns the nodes that the arguments mean; undefined: neither a name nor a selector was given. Throws a usage error. */
function wantedNodes(command: Command, written: readonly string[], { selector }: Flags): Wanted | undefined {
  const fail = (message: string): never => command.error(`error: ${message}`, { exitCode: EXIT.usage });
  const names = [...new Set(written.map((name) => name.replace(/^nodes?\//u, '')))];
  const wrong = names.find((name) => !NODE_NAME.test(name));
  if (wrong !== undefined) {
    return fail(
      `Expected the name of a node, got ${quote(wrong)}. Nothing was changed. Names are literal: choose several nodes with -l, or name each.`,
    );
  }
  if (selector === undefined) return names.length === 0 ? undefined : { by: 'name', names };
  if (names.length > 0) return fail('Expected names of nodes or -l, got both. Nothing was changed.');
  // The API server takes an empty selector for all nodes, and a script's variable may be empty.
  if (selector.trim() === '')
    return fail('Expected a label selector after -l, got none. Nothing was changed.');
  return { by: 'selector', selector };
}

async function setPause(
  program: Program,
  session: Session,
  what: {
    readonly wanted: Wanted;
    readonly word: string;
    readonly value: string | null;
    readonly flags: Flags;
  },
): Promise<Tally> {
  const { wanted, word, value, flags } = what;
  return onEachNode(program, session, await targetsOf(session, wanted), async ({ name }) => {
    await annotate(session, name, { [INPUT_KEYS.paused]: value }, flags.dryRun);
    return { did: 'done', text: `${word}${dry(flags)}: ${name}` };
  });
}

async function retry(session: Session, { name, seen }: Target, flags: Flags): Promise<Done> {
  const { fleet } = seen ?? shownNode(await readNode(session, name));
  const isFailed = fleet.failedRevision !== undefined || fleet.state === 'Degraded';
  if (!isFailed && seen !== undefined) {
    return { did: 'skipped', text: `Nothing to retry: ${name} (${fleet.state ?? 'no report of an agent'})` };
  }
  if (fleet.state === undefined) {
    throw new UserError(`Expected a report of the agent on ${name}, found none. See kubectl sysctls status.`);
  }
  if (!isFailed) {
    throw new UserError(
      `Expected a failed change on ${name}, got state ${fleet.state}. There is nothing to retry.`,
    );
  }
  await annotate(session, name, { [INPUT_KEYS.retry]: new Date().toISOString() }, flags.dryRun);
  const result = flags.dryRun === 'server' ? '' : `. Result: kubectl sysctls history ${name}`;
  return { did: 'done', text: `Retry requested${dry(flags)}: ${name}${result}` };
}

function end({ failed }: Tally): void {
  if (failed > 0) throw new Exit(EXIT.no);
}

/** As kubectl marks it. */
function dry({ dryRun }: Flags): string {
  return dryRun === 'server' ? ' (server dry run)' : '';
}

function argumentOf(wanted: Wanted): string {
  return wanted.by === 'name' ? wanted.names.join(' ') : `-l '${wanted.selector}'`;
}

function keyOf({ place }: Session): string {
  return `key paused of ConfigMap ${place.namespace}/${CONFIG_MAP}`;
}

function say({ stdout }: Program, text: string): void {
  stdout.write(`${text}\n`);
}

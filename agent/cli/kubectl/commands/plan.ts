// `kubectl sysctls plan`: shows what an edit of the policy would change on which nodes.

import { Command } from 'commander';
import { ApiError } from '../../../cluster/http/errors.ts';
import type { Policy } from '../../../policy/policy.ts';
import { decideRollout } from '../../../rollout/decide.ts';
import type { Outcome } from '../../../rollout/forecast/forecast.ts';
import { colorsFor } from '../../colors.ts';
import { EXIT, Exit } from '../../exit.ts';
import { printedValidation } from '../../validate/validation-text.ts';
import { validateFile } from '../../validate/validation.ts';
import { readInstallation } from '../cluster/installation.ts';
import { listNodes } from '../cluster/nodes.ts';
import { planText } from '../views/plan-text.ts';
import { planView, type PlanView } from '../views/plan-view.ts';
import { podsByNode } from '../cluster/pods.ts';
import type { Output, Program } from '../context.ts';
import { outputOption } from '../options.ts';
import { dataText, nodeNames } from '../views/data-text.ts';
import { screenOf } from '../views/screen.ts';
import type { Session } from '../session.ts';

interface Flags {
  readonly filename: string;
  readonly diff: boolean;
  readonly output: (typeof FORMATS)[number];
  readonly exitCode: boolean;
}

const FORMATS = ['text', 'json', 'yaml', 'name'] as const;

/** Exit codes of `plan --exit-code`, as of kubectl diff; without it `plan` has those of every command. */
export const PLAN_EXIT = { nothing: 0, changes: 1, error: 2 } as const;

/**
 * The command `plan`. Throws an Exit with code 1 when the file is not a valid ConfigMap. With --exit-code it throws an Exit with code 1 when
 * a node would change, and with code 2 for every error.
 */
export function planCommand(program: Program): Command {
  return new Command('plan')
    .description('show what an edit of the ConfigMap would change on which nodes; writes nothing')
    .requiredOption('-f, --filename <file>', "the ConfigMap's YAML; - reads standard input")
    .option('--diff', 'list the sysctls that each node would add and remove', false)
    .option('--exit-code', 'end with 1 when a node would change, and with 2 on an error', false)
    .addOption(outputOption(FORMATS, 'the format of the plan; name: the nodes that would change'))
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      if (!flags.exitCode) {
        await printPlan(program, flags);
        return;
      }
      const view = await printPlan(program, flags).catch((error: unknown) => {
        throw new Exit(PLAN_EXIT.error, { cause: error instanceof Exit ? error.cause : error });
      });
      if (changing(view).length > 0) throw new Exit(PLAN_EXIT.changes);
    });
}

const HELP = `
Exit codes: 0 a plan was made; 1 the file is not valid, or an error; 2 wrong usage.
With --exit-code, as kubectl diff: 0 no node would change; 1 a node would change; 2 the file is not valid, or an error.`;

/** Prints the plan, or why the file is not valid, and then throws an Exit with code 1. */
async function printPlan(program: Program, flags: Flags): Promise<PlanView> {
  const { stdout } = program;
  const { policy, validation } = await validateFile(flags.filename);
  if (policy === undefined) {
    if (flags.output === 'json' || flags.output === 'yaml') stdout.write(dataText(validation, flags.output));
    else {
      const to = flags.output === 'name' ? program.stderr : stdout;
      to.write(printedValidation(validation, 'text', to));
    }
    throw new Exit(EXIT.no);
  }
  const view = await planFor(program.session(), policy);
  stdout.write(planned(view, flags, stdout));
  return view;
}

/** Also a node whose pods block the change now: the change starts when they have ended. */
function changing({ nodes }: PlanView): readonly string[] {
  return nodes.filter(({ outcome }) => CHANGING.includes(outcome)).map(({ name }) => name);
}

const CHANGING: readonly Outcome[] = ['restart', 'blocked', 'no restart'];

async function planFor(session: Session, policy: Policy): Promise<PlanView> {
  const [installation, nodes, pods] = await Promise.all([
    readInstallation(session),
    listNodes(session),
    podsByNode(session).catch(unlessForbidden),
  ]);
  const view = planView({
    policy,
    nodes,
    pods,
    coordination: installation,
    now: new Date(),
    decide: decideRollout,
  });
  // The policy in the cluster is not needed: the file has the one that counts.
  const unread = (installation.unread ?? []).filter(({ what }) => what !== 'policy');
  return { ...view, notes: [...view.notes, ...unread.map(({ permission }) => permission)] };
}

function unlessForbidden(error: unknown): undefined {
  if (!(error instanceof ApiError && error.status === 403)) throw error;
}

function planned(view: PlanView, { diff, output }: Flags, stdout: Output): string {
  if (output === 'name') return nodeNames(changing(view));
  if (output !== 'text') return dataText(view, output);
  return `${planText(view, { diff, width: screenOf(stdout).width }, colorsFor(stdout))}\n`;
}

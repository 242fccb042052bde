// `kubectl sysctls plan`: shows what an edit of the policy would change on which nodes.

import { Command, Option } from 'commander';
import { ApiError } from '../../../cluster/http/errors.ts';
import type { Policy } from '../../../policy/policy.ts';
import { decideRollout } from '../../../rollout/decide.ts';
import { colorsFor, type Colors } from '../../colors.ts';
import { EXIT, Exit } from '../../exit.ts';
import { jsonText } from '../../json.ts';
import { printedValidation } from '../../validate/validation-text.ts';
import { validateFile } from '../../validate/validation.ts';
import { readInstallation } from '../cluster/installation.ts';
import { listNodes } from '../cluster/nodes.ts';
import { planText } from '../views/plan-text.ts';
import { planView, type PlanView } from '../views/plan-view.ts';
import { podsByNode } from '../cluster/pods.ts';
import type { Output, Program } from '../context.ts';
import { screenOf } from '../views/screen.ts';
import type { Session } from '../session.ts';

interface Flags {
  readonly filename: string;
  readonly diff: boolean;
  readonly output: 'text' | 'json';
}

/** The command `plan`. Throws an Exit with code 1 when the file is not a valid ConfigMap. */
export function planCommand(program: Program): Command {
  return new Command('plan')
    .description('show what an edit of the ConfigMap would change on which nodes; writes nothing')
    .requiredOption('-f, --filename <file>', "the ConfigMap's YAML; - reads standard input")
    .option('--diff', 'list the sysctls that each node would add and remove', false)
    .addOption(
      new Option('-o, --output <format>', 'the format of the plan').choices(['text', 'json']).default('text'),
    )
    .action(async (flags: Flags) => {
      const { stdout } = program;
      const { policy, validation } = await validateFile(flags.filename);
      if (policy === undefined) {
        stdout.write(printedValidation(validation, flags.output, stdout));
        throw new Exit(EXIT.no);
      }
      const view = await planFor(program.session(), policy);
      stdout.write(flags.output === 'json' ? jsonText(view) : text(view, flags, stdout, colorsFor(stdout)));
    });
}

async function planFor(session: Session, policy: Policy): Promise<PlanView> {
  const [installation, nodes, pods] = await Promise.all([
    readInstallation(session),
    listNodes(session),
    podsByNode(session).catch(unlessForbidden),
  ]);
  return planView({
    policy,
    nodes,
    pods,
    coordination: installation,
    now: new Date(),
    decide: decideRollout,
  });
}

function unlessForbidden(error: unknown): undefined {
  if (!(error instanceof ApiError && error.status === 403)) throw error;
}

function text(view: PlanView, { diff }: Flags, stdout: Output, colors: Colors): string {
  return `${planText(view, { diff, width: screenOf(stdout).width }, colors)}\n`;
}

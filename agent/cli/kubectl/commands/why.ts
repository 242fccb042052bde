// `kubectl sysctls why`: says why a pod does not start, or where a sysctl may be set, and what would allow it.

import { Command, Option } from 'commander';
import { NAMESPACE } from '../../../names.ts';
import { quote } from '../../../text/quote.ts';
import { colorsFor } from '../../colors.ts';
import { EXIT, Exit } from '../../exit.ts';
import { readPolicy } from '../cluster/installation.ts';
import { listNodes } from '../cluster/nodes.ts';
import { readOr, type Unread } from '../cluster/unread.ts';
import type { Program } from '../context.ts';
import type { Session } from '../session.ts';
import { outputOption } from '../options.ts';
import { dataText, nodeNames } from '../views/data-text.ts';
import { screenOf } from '../views/screen.ts';
import { namespaceLabels, readSubject } from '../why/read-subject.ts';
import type { Subject, WhyView } from '../why/types.ts';
import { askedFor, KIND_WORDS, type Asked } from '../why/subject.ts';
import { whyText } from '../why/why-text.ts';
import { whyView } from '../why/why-view.ts';

interface Flags {
  readonly agentsNamespace: string;
  readonly output: (typeof FORMATS)[number];
}

const FORMATS = ['text', 'json', 'yaml', 'name'] as const;

const HELP = `
POD|KIND/NAME|SYSCTL: a pod's name, KIND/NAME, or a sysctl's name with dots or slashes.
KIND: ${KIND_WORDS.join(', ')}.
A name that no pod can set on any node is reported as such, with what to do instead.
Taints, cordons and free resources of the nodes are not judged.

Exit codes: 0 it can run, or be set, on at least one node now; 1 it cannot, or an error; 2 wrong usage.

Examples:
  kubectl sysctls why web-6d4cf56db6-x2v9q -n shop
  kubectl sysctls why deployment/web -n shop
  kubectl sysctls why net.core.somaxconn`;

/** The command `why`. Throws an Exit with code 1 when no node takes it now. */
export function whyCommand(program: Program): Command {
  return (
    new Command('why')
      .usage('[options] POD|KIND/NAME|SYSCTL')
      .description('say why a pod does not start, or where a sysctl may be set, and what would allow it')
      .argument('<what>', "a pod, a workload or a sysctl's name")
      // For the help: the program itself takes -n, before and after the command's name.
      .option(
        '-n, --namespace <name>',
        "the namespace of the pod or workload, as in kubectl; default: that of the kubeconfig's context",
      )
      .addOption(
        new Option(
          '--agents-namespace <name>',
          'the namespace of the agents, which is -n of the other commands',
        ).default(NAMESPACE),
      )
      .addOption(outputOption(FORMATS, 'the format of the answer; name: the nodes that take it now'))
      .addHelpText('after', HELP)
      .action(async (word: string, { agentsNamespace, output }: Flags, command: Command) => {
        const asked = askedFor(word);
        if (asked.about === 'unknown kind') {
          command.error(
            `error: Expected one of ${KIND_WORDS.join(', ')} before the slash, or a sysctl, got ${quote(asked.word)}.`,
            { exitCode: EXIT.usage },
          );
          return;
        }
        const session = program.session();
        // -n is an option of the whole program, whose default is the agents' namespace.
        const isGiven = command.getOptionValueSourceWithGlobals('namespace') === 'cli';
        const namespace = isGiven ? session.place.namespace : session.contextNamespace;
        const agents = { ...session, place: { ...session.place, namespace: agentsNamespace } };
        const view = await whyFor(agents, asked, namespace);
        const to = { namespace: agentsNamespace, width: screenOf(program.stdout).width };
        program.stdout.write(
          output === 'text'
            ? `${whyText(view, to, colorsFor(program.stdout))}\n`
            : output === 'name'
              ? nodeNames(view.canRun ? view.nodes.now : [])
              : dataText(view, output),
        );
        if (!view.canRun) throw new Exit(EXIT.no);
      })
  );
}

async function whyFor(
  session: Session,
  asked: Exclude<Asked, { readonly about: 'unknown kind' }>,
  namespace: string,
): Promise<WhyView> {
  const isObject = asked.about === 'object';
  const subject = isObject ? await readSubject(session, { ...asked, namespace }) : bare(asked.name);
  const unread: Unread[] = [];
  const [read, nodes, labels] = await Promise.all([
    readOr(session, { what: 'policy', unread }, readPolicy(session)),
    listNodes(session),
    isObject
      ? readOr(session, { what: 'namespace', unread }, namespaceLabels(session, namespace))
      : undefined,
  ]);
  const policy = unread.some(({ what }) => what === 'policy') ? 'forbidden' : read;
  const view = whyView({ subject, policy, nodes, namespaceLabels: labels });
  return { ...view, notes: [...view.notes, ...unread.map(({ permission }) => permission)] };
}

/** Returns a pod that sets this sysctl and shares nothing with its node. */
function bare(name: string): Subject {
  return {
    kind: 'Sysctl',
    namespace: undefined,
    name,
    sysctls: [name],
    hostNetwork: false,
    hostIpc: false,
    hostUsers: false,
  };
}

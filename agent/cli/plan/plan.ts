// `kubelet-sysctls plan`: shows what the agent would write on a node with these files. Needs no cluster, writes nothing.

import { Command, Option } from 'commander';
import type { Version } from '../../sysctl/version.ts';
import { colorsFor } from '../colors.ts';
import { EXIT, Exit } from '../exit.ts';
import { jsonText } from '../json.ts';
import { labelsOption } from '../labels-option.ts';
import { planFor, PlanError, policyIn, type PlanAnswer, type ShownNode } from './plan-answer.ts';
import { readFiles } from './plan-files.ts';
import { errorText, planText } from './plan-text.ts';
import { readUnitShow } from './plan-unit-show.ts';
import type { Streams } from '../streams.ts';
import { validateFile } from '../validate/validation.ts';
import { versionOption } from '../version-option.ts';

interface Flags {
  readonly environmentFile?: string;
  readonly unitShow?: string;
  readonly root: string;
  readonly configMap: string;
  readonly kubeletVersion: Version;
  readonly kernelVersion?: Version;
  readonly kubeletConfig?: string;
  readonly kubeletConfigDir?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly output: 'text' | 'json';
}

const HELP = `
Describe the node with one of two options:
  --environment-file  one environment file; assumes kubeadm's unit and reads none of its other files
  --unit-show         the node's own unit: every environment file, Environment=, config.yaml and config-dir

Examples:
  systemctl show kubelet.service | kubelet-sysctls plan --unit-show - --config-map policy.yaml --kubelet-version 1.37.2
  kubelet-sysctls plan --unit-show unit.txt --root node-7/ --config-map policy.yaml --kubelet-version 1.37.2

systemctl show prints ExecStart= without quotes: an argument that contains a space is read as two.`;

/**
 * The command `plan`. Prints the plan. Throws an Exit with code 1 when there is none (the ConfigMap is not valid, a file must
 * be fixed first, or the node cannot be reconciled), and commander's errors for wrong usage.
 */
export function planCommand(streams: Streams = process): Command {
  return new Command('plan')
    .description("show what the agent would change in a kubelet's environment file, and why; writes nothing")
    .option(
      '--environment-file <file>',
      "the kubelet's environment file, such as /etc/default/kubelet; it may be missing",
    )
    .addOption(
      new Option(
        '--unit-show <file>',
        "the output of 'systemctl show kubelet.service'; - reads standard input",
      ).conflicts(['environmentFile', 'kubeletConfig', 'kubeletConfigDir']),
    )
    .addOption(
      new Option('--root <folder>', 'with --unit-show: the folder that contains the files of the node')
        .default('/')
        .conflicts('environmentFile'),
    )
    .requiredOption('--config-map <file>', "the ConfigMap's YAML; - reads standard input")
    .addOption(
      versionOption(
        '--kubelet-version <version>',
        "the node's kubelet version, such as 1.37.2",
      ).makeOptionMandatory(),
    )
    .addOption(
      versionOption(
        '--kernel-version <version>',
        "the node's kernel version; by default new enough for every sysctl",
      ),
    )
    .option('--kubelet-config <file>', "with --environment-file: the kubelet's config.yaml")
    .option(
      '--kubelet-config-dir <folder>',
      "with --environment-file: the kubelet's --config-dir, of which *.conf is read",
    )
    .addOption(labelsOption())
    .addOption(
      new Option('--output <format>', 'the format of the answer').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    })
    .exitOverride()
    .action((flags: Flags, command: Command) => plan(flags, command, streams));
}

async function plan(flags: Flags, command: Command, { stdout, stderr }: Streams): Promise<void> {
  const readNode = nodeReader(flags, command);
  const colors = colorsFor(stdout);
  try {
    const answer = await answerFor(flags, readNode);
    stdout.write(flags.output === 'json' ? jsonText(answer.json) : planText(answer, colors));
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    if (flags.output === 'json') stdout.write(jsonText({ error: error.data }));
    else stderr.write(errorText(error.data, colors));
    throw new Exit(EXIT.no);
  }
}

/** Returns how to read the node, by the option that describes it. Throws commander's error when none does. */
function nodeReader(flags: Flags, command: Command): () => Promise<ShownNode> {
  const { environmentFile, unitShow, configMap, root } = flags;
  if (unitShow === '-' && configMap === '-') {
    command.error(
      "error: options '--unit-show -' and '--config-map -' cannot both read standard input: give one as a file",
    );
  }
  if (unitShow !== undefined) return () => readUnitShow(unitShow, root);
  if (environmentFile !== undefined) return () => readFiles({ ...flags, environmentFile });
  return command.error(
    "error: required option '--environment-file <file>' or '--unit-show <file>' not specified",
  );
}

async function answerFor(flags: Flags, readNode: () => Promise<ShownNode>): Promise<PlanAnswer> {
  const policy = policyIn(await validateFile(flags.configMap));
  const facts = { labels: flags.labels, kubelet: flags.kubeletVersion, kernel: flags.kernelVersion };
  return planFor(policy, await readNode(), facts);
}

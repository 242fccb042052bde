// `kubelet-sysctls plan`: what the agent would write on a node with these files, without a cluster and without writing.

import { Command, InvalidArgumentError, Option } from 'commander';
import { labelKeyProblem, labelValueProblem } from '../policy/labels.ts';
import { parseVersion, type Version } from '../sysctl/version.ts';
import { readConfigMapFile } from './config-map-file.ts';
import { colorsFor } from './colors.ts';
import { EXIT, Exit } from './exit.ts';
import { readConfigFolder, readIfThere, readRequired } from './plan-files.ts';
import { planFor, toPlanError, type PlanAnswer } from './plan-answer.ts';
import { errorText, planText } from './plan-text.ts';

interface Flags {
  readonly environmentFile: string;
  readonly configMap: string;
  readonly kubeletVersion: Version;
  readonly kernelVersion?: Version;
  readonly kubeletConfig?: string;
  readonly kubeletConfigDir?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly output: 'text' | 'json';
}

/**
 * The command `plan`. Prints the plan; throws an Exit with code 1 when the ConfigMap is not valid or a file has to be
 * mended first, and commander's errors for wrong usage.
 */
export function planCommand(): Command {
  return new Command('plan')
    .description('show what would change in a kubelet’s environment file, and why; nothing is written')
    .requiredOption('--environment-file <file>', 'such as /etc/default/kubelet; it need not exist')
    .requiredOption('--config-map <file>', "the ConfigMap's YAML; - reads standard input")
    .addOption(
      new Option('--kubelet-version <version>', "the node's kubelet, such as 1.37.2")
        .argParser(version)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--kernel-version <version>', "the node's kernel; new enough when left out").argParser(
        version,
      ),
    )
    .option('--kubelet-config <file>', "the kubelet's config.yaml")
    .option('--kubelet-config-dir <folder>', 'the folder of its drop-ins (*.conf)')
    .addOption(
      new Option('--labels <k=v,…>', "the node's labels, which profiles select by")
        .argParser(labels)
        .default({}, 'none'),
    )
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
    .exitOverride()
    .action(plan);
}

async function plan(flags: Flags): Promise<void> {
  const colors = colorsFor(process.stdout);
  try {
    const answer = await answerFor(flags);
    process.stdout.write(flags.output === 'json' ? json(answer.json) : planText(answer, colors));
  } catch (thrown) {
    const error = toPlanError(thrown);
    if (error === undefined) throw thrown;
    if (flags.output === 'json') process.stdout.write(json({ error: error.data }));
    else process.stderr.write(errorText(error.data, colors));
    throw new Exit(EXIT.no);
  }
}

async function answerFor(flags: Flags): Promise<PlanAnswer> {
  const data = await readConfigMapFile(flags.configMap);
  return planFor({
    data,
    environmentFile: { path: flags.environmentFile, content: await readIfThere(flags.environmentFile) },
    config: {
      config: flags.kubeletConfig === undefined ? undefined : await readRequired(flags.kubeletConfig),
      dropIns: flags.kubeletConfigDir === undefined ? [] : await readConfigFolder(flags.kubeletConfigDir),
    },
    node: { labels: flags.labels, kubelet: flags.kubeletVersion, kernel: flags.kernelVersion },
  });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new InvalidArgumentError('Expected a version such as 1.37.2.');
  return parsed;
}

function labels(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value, ...rest] = pair.split('=');
      if (value === undefined || rest.length > 0) {
        throw new InvalidArgumentError(`Expected labels as key=value, got ${JSON.stringify(pair)}.`);
      }
      const problem = labelKeyProblem(key) ?? labelValueProblem(value);
      if (problem !== undefined) throw new InvalidArgumentError(problem);
      return [key, value];
    }),
  );
}

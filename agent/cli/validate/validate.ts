// `kubelet-sysctls validate`: checks a ConfigMap for nodes with these versions.

import { Command, Option } from 'commander';
import type { Version } from '../../sysctl/version.ts';
import { EXIT, Exit } from '../exit.ts';
import { printedValidation } from './validation-text.ts';
import { validateFile } from './validation.ts';
import { versionOption } from '../version-option.ts';

interface Flags {
  readonly kubeletVersion: Version;
  readonly kernelVersion?: Version;
  readonly output: 'text' | 'json';
}

/**
 * The command `validate FILE`. Prints the result. Throws an Exit with code 1 when the ConfigMap is not valid, and commander's
 * errors for wrong usage.
 */
export function validateCommand(): Command {
  return new Command('validate')
    .description('check a ConfigMap before you apply it, by the rules of the agents and their kubelets')
    .argument('<file>', "the ConfigMap's YAML; - reads standard input")
    .addOption(
      versionOption(
        '--kubelet-version <version>',
        "the nodes' kubelet version, such as 1.37.2",
      ).makeOptionMandatory(),
    )
    .addOption(
      versionOption(
        '--kernel-version <version>',
        "the nodes' kernel version; by default new enough for every sysctl",
      ),
    )
    .addOption(
      new Option('--output <format>', 'the format of the result').choices(['text', 'json']).default('text'),
    )
    .exitOverride()
    .action(validate);
}

async function validate(file: string, flags: Flags): Promise<void> {
  const { validation } = await validateFile(file, {
    kubelet: flags.kubeletVersion,
    kernel: flags.kernelVersion,
  });
  process.stdout.write(printedValidation(validation, flags.output, process.stdout));
  if (!validation.valid) throw new Exit(EXIT.no);
}

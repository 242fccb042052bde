// `kubelet-sysctls validate`: is this ConfigMap fit for nodes with these versions?

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
 * The command `validate FILE`. Prints what it found; throws an Exit with code 1 when the ConfigMap is not valid, and
 * commander's errors for wrong usage.
 */
export function validateCommand(): Command {
  return new Command('validate')
    .description('check a ConfigMap before it is applied, as the agents and their kubelets will')
    .argument('<file>', "the ConfigMap's YAML; - reads standard input")
    .addOption(
      versionOption(
        '--kubelet-version <version>',
        "the nodes' kubelet, such as 1.37.2",
      ).makeOptionMandatory(),
    )
    .addOption(versionOption('--kernel-version <version>', "the nodes' kernel; new enough when left out"))
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
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

// `kubelet-sysctls validate`: is this ConfigMap fit for nodes with these versions?

import { Command, InvalidArgumentError, Option } from 'commander';
import { parseVersion, type Version } from '../sysctl/version.ts';
import { colorsFor } from './colors.ts';
import { ConfigMapFileError, readConfigMapFile } from './config-map-file.ts';
import { EXIT, Exit } from './exit.ts';
import { validationText } from './validation-text.ts';
import { unreadable, validateData, type Validation } from './validation.ts';

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
      new Option('--kubelet-version <version>', "the nodes' kubelet, such as 1.37.2")
        .argParser(version)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--kernel-version <version>', "the nodes' kernel; new enough when left out").argParser(
        version,
      ),
    )
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
    .exitOverride()
    .action(validate);
}

async function validate(file: string, flags: Flags): Promise<void> {
  const validation = await validationOf(file, flags);
  process.stdout.write(render(validation, flags.output));
  if (!validation.valid) {
    throw new Exit(EXIT.no);
  }
}

async function validationOf(file: string, flags: Flags): Promise<Validation> {
  try {
    const data = await readConfigMapFile(file);
    return validateData(data, { kubelet: flags.kubeletVersion, kernel: flags.kernelVersion });
  } catch (error) {
    if (error instanceof ConfigMapFileError) {
      return unreadable(error);
    }
    throw error;
  }
}

function render(validation: Validation, output: Flags['output']): string {
  return output === 'json'
    ? `${JSON.stringify(validation, undefined, 2)}\n`
    : validationText(validation, colorsFor(process.stdout));
}

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) {
    throw new InvalidArgumentError('Expected a version such as 1.37.2.');
  }
  return parsed;
}

// Runs the command `validate` alone, as the program does.

import { Command } from 'commander';
import { exitCodeOf } from '../../../agent/cli/exit.ts';
import { validateCommand } from '../../../agent/cli/validate/validate.ts';

try {
  await new Command('kubelet-sysctls').exitOverride().addCommand(validateCommand()).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error) ?? 70;
}

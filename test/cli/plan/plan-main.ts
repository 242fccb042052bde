// Runs the command `plan` alone, as the program does.

import { Command } from 'commander';
import { exitCodeOf } from '../../../agent/cli/exit.ts';
import { planCommand } from '../../../agent/cli/plan/plan.ts';

try {
  await new Command('kubelet-sysctls').exitOverride().addCommand(planCommand()).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error) ?? 70;
}

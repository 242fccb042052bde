// The command by itself, as the program runs it, on the folder in HISTORY_ROOT as the host.

import { Command } from 'commander';
import { exitCodeOf } from '../../agent/cli/exit.ts';
import { historyCommand } from '../../agent/cli/history.ts';

try {
  await new Command('kubelet-sysctls')
    .exitOverride()
    .addCommand(historyCommand(process.env['HISTORY_ROOT']))
    .parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error) ?? 70;
}

#!/usr/bin/env node
// The kubectl plugin: as kubectl-sysctls on the PATH it is `kubectl sysctls`.

import { runKubectlProgram } from './cli/kubectl/program.ts';
import { termination } from './cli/termination.ts';

const { argv, stdout, stderr, env } = process;

process.exitCode = await runKubectlProgram(argv, { stdout, stderr, env, interruption });

function interruption(): AbortSignal {
  const controller = new AbortController();
  void termination().then(() => controller.abort());
  return controller.signal;
}

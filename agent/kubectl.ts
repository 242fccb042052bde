#!/usr/bin/env node
// The kubectl plugin: as kubectl-sysctls on the PATH it is `kubectl sysctls`.

import { runKubectlProgram } from './cli/kubectl/program.ts';

process.exitCode = await runKubectlProgram(process.argv, process);

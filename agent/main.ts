#!/usr/bin/env node
// Entry point of kubelet-sysctls: the commands agent, coordinator, validate and plan.

import { runProgram } from './cli/program.ts';

process.exitCode = await runProgram(process.argv);

#!/usr/bin/env node
// The program: one file, one command a role.

import { runProgram } from './cli/program.ts';

process.exitCode = await runProgram(process.argv);

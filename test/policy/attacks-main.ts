#!/usr/bin/env node
// A separate program: parses every heavy ConfigMap as an agent does, and prints the result and the cost of each.

import { aftermathOf } from './aftermath.ts';
import { HEAVY } from './hostile.ts';

const costs = Object.entries(HEAVY).map(([title, dataOf]) => {
  const data = dataOf();
  const before = process.cpuUsage();
  const { outcome, harm } = aftermathOf(data);
  const { user, system } = process.cpuUsage(before);
  return { title, outcome, harm, cpuMs: Math.round((user + system) / 1000) };
});
process.stdout.write(JSON.stringify(costs));

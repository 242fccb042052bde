// One run of the fleet bench: makes each fleet, measures, and removes it.

import { DEFAULT_KUBERNETES_VERSION } from '../bed/build/kubernetes.ts';
import type { Log } from '../bed/util/progress.ts';
import { thisMachine } from '../bench/measure/machine.ts';
import { spreadOf } from '../bench/report/statistics.ts';
import type { Figures, FleetFigures, OtherFigures } from './report/figures.ts';
import { makeFleet } from './fleet.ts';
import { measureFleet } from './measure.ts';
import type { FleetOptions } from './options.ts';
import { oneAtATime, tenWaves } from './others.ts';
import { measureSingle } from './single.ts';

export async function benchFleet(options: FleetOptions, log: Log): Promise<Figures> {
  const { soakSeconds, nodeSoakSeconds } = options;
  const machine = thisMachine(DEFAULT_KUBERNETES_VERSION);
  const single = await measureSingle(options, log);
  const nodeMs = spreadOf(single.nodeMs).median;
  const smallest = Math.min(...options.nodes);
  const fleets: FleetFigures[] = [];
  let others: OtherFigures | undefined;
  for (const nodes of options.nodes) {
    await using fleet = await makeFleet(nodes, log);
    fleets.push(await measureFleet(fleet, { nodes, nodeMs, options, log }));
    if (nodes === smallest && others === undefined) {
      const unsoakedMs = spreadOf(single.unsoakedMs).median;
      const subject = { fleet, nodes, nodeSoakSeconds, nodeMs, unsoakedMs };
      const oneByOne = await log.step('One node at a time', (note) => oneAtATime({ ...subject, note }));
      const waves = await log.step('Ten waves without approval', (note) => tenWaves({ ...subject, note }));
      others = { nodes, waves, oneAtATime: oneByOne };
    }
  }
  if (others === undefined) throw new Error('Expected at least one fleet, got none.');
  return { machine, pace: { soakSeconds, nodeSoakSeconds }, single, fleets, others };
}

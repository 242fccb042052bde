// One run of the fleet's bench, from nothing to its figures; nothing is left of it.

import { availableParallelism, loadavg, release } from 'node:os';
import { DEFAULT_KUBERNETES_VERSION } from '../bed/kubernetes.ts';
import type { Log } from '../bed/progress.ts';
import { spreadOf } from '../bench/statistics.ts';
import type { Figures, FleetFigures, OtherFigures, SingleFigures } from './figures.ts';
import { type Fleet, makeFleet } from './fleet.ts';
import { measureFleet } from './measure.ts';
import type { FleetOptions } from './options.ts';
import { oneAtATime, tenWaves } from './others.ts';
import { measureSingle } from './single.ts';

export async function benchFleet(options: FleetOptions, log: Log): Promise<Figures> {
  const machine = {
    cpus: availableParallelism(),
    kernel: release(),
    kubernetes: DEFAULT_KUBERNETES_VERSION,
    loadBefore: loadavg()[0] ?? 0,
  };
  const single = await measureSingle(options, log);
  const smallest = Math.min(...options.nodes);
  const fleets: FleetFigures[] = [];
  let others: OtherFigures | undefined;
  for (const nodes of options.nodes) {
    await using fleet = await makeFleet(nodes, log);
    const { figures, coordinator } = await measureFleet(fleet, nodes, { options, single, log });
    fleets.push(figures);
    if (nodes === smallest)
      others ??= await measureOthers({
        fleet,
        nodes,
        single,
        options,
        paced: coordinator !== undefined,
        log,
      });
  }
  if (others === undefined) throw new Error('Expected at least one fleet, got none.');
  const { soakSeconds, nodeSoakSeconds } = options;
  return { machine, pace: { soakSeconds, nodeSoakSeconds }, single, fleets, others };
}

interface Compared {
  readonly fleet: Fleet;
  readonly nodes: number;
  readonly single: SingleFigures;
  readonly options: FleetOptions;
  /** A coordinator runs. */
  readonly paced: boolean;
  readonly log: Log;
}

async function measureOthers({ fleet, nodes, single, options, paced, log }: Compared): Promise<OtherFigures> {
  const subject = {
    fleet,
    nodes,
    nodeSoakSeconds: options.nodeSoakSeconds,
    nodeMs: spreadOf(single.nodeMs).median,
    unsoakedMs: spreadOf(single.unsoakedMs).median,
  };
  const waves = await log.step('Ten waves without approval', (note) => tenWaves({ ...subject, note }));
  const oneByOne = paced
    ? await log.step('One node at a time', (note) => oneAtATime({ ...subject, note }))
    : undefined;
  return { nodes, waves, oneAtATime: oneByOne };
}

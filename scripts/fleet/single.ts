// The duration of one node's change alone: the unit of every ideal.

import type { Log } from '../bed/util/progress.ts';
import type { SingleFigures } from './report/figures.ts';
import { makeFleet } from './fleet.ts';
import { BASE, CHANGED, policyOf } from './lists.ts';
import type { FleetOptions } from './options.ts';
import { edit } from './policy.ts';

const ROUNDS = 3;
/** Rounds that are not counted: the first changes also compile code. */
const WARM_UP_ROUNDS = 2;
const LIMIT_MS = 120_000;

export async function measureSingle({ nodeSoakSeconds }: FleetOptions, log: Log): Promise<SingleFigures> {
  await using fleet = await makeFleet(1, log);
  let list = BASE;
  await edit(fleet.admin, policyOf({ allowances: list, nodeSoakSeconds: 0 }));
  await fleet.populate(list);

  const round = async (soak: number): Promise<number> => {
    list = list === BASE ? CHANGED : BASE;
    const policy = policyOf({ allowances: list, nodeSoakSeconds: soak });
    return fleet.rollOut(policy, { allowances: list, nodes: 1, limitMs: LIMIT_MS, note: () => {} });
  };
  const rounds = async (count: number, soak: number): Promise<readonly number[]> => {
    const took: number[] = [];
    for (let at = 0; at < count; at++) took.push(await round(soak));
    return took;
  };
  // Awaited here: `using` removes the fleet at the return.
  return await log.step('One node alone', async () => {
    await rounds(WARM_UP_ROUNDS, 0);
    return { unsoakedMs: await rounds(ROUNDS, 0), nodeMs: await rounds(ROUNDS, nodeSoakSeconds) };
  });
}

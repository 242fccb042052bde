// npm run bench:image: the size and the start of the agent's image on two bases.

import { candidates } from './bench/image/candidates.ts';
import { HELP, type ImageBenchOptions, parseImageCommand } from './bench/image/options.ts';
import { imageReport } from './bench/image/report.ts';
import { startOnce } from './bench/image/starts.ts';
import { quiet } from './bench/bench.ts';
import { KUBERNETES_VERSION, makeGround } from './bench/ground.ts';
import { thisMachine } from './bench/measure/machine.ts';
import { machineText } from './bench/report/table.ts';
import { ensureHostPackages } from './bed/build/host-packages.ts';
import type { Log } from './bed/util/progress.ts';
import { workFolder } from './bed/util/work-folder.ts';
import { measuring } from './entry/command.ts';

process.exitCode = await measuring(parseImageCommand(process.argv.slice(2)), {
  help: HELP,
  leaves: 'The cluster',
  run: measure,
});

async function measure({ rounds }: ImageBenchOptions, log: Log): Promise<number> {
  await ensureHostPackages(log);
  await using work = await workFolder();
  const both = await candidates(work.path, log);
  await using ground = await makeGround(log);
  await log.step('Loading the images', async () => {
    for (const { image } of both) await ground.bed.loadImage(image);
  });
  await log.step('Waiting for a low machine load', quiet);
  const machine = { ...thisMachine(KUBERNETES_VERSION), cgroupVersion: ground.agent.cgroupVersion };
  const measured = both.map((each) => ({ ...each, startMs: [] as number[] }));
  await log.step('Starting the agent', async (note) => {
    for (let round = 1; round <= rounds; round++) {
      for (const { image, startMs } of measured) startMs.push(await startOnce(ground, image));
      note(`round ${round} of ${rounds}`);
    }
  });
  process.stdout.write(`${machineText({ machine })}\n\n${imageReport(measured)}\n`);
  return 0;
}

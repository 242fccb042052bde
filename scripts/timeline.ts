// npm run timeline: plays a rollout on real nodes and draws it.

import { drawing } from './entry/drawing.ts';
import { timelineOf } from './timeline/model.ts';
import { momentsIn } from './timeline/moments.ts';
import { playRollout } from './timeline/play.ts';
import { svgOf } from './timeline/svg.ts';

const DEFAULT_OUT = 'docs/rollout.svg';
const CAPTION = {
  title: 'A rollout that meets a node on which the new list fails',
  subtitle:
    'Three real nodes, canary 1, maxUnavailable 1, failureThreshold 1; recorded from their annotations',
};

const HELP = `Usage: npm run timeline [-- OPTIONS]

Starts a cluster of three nodes on this machine (root and Go are needed; the first time takes some minutes), plays a rollout
with a canary, a node that fails, a halt and the edit that fixes it, draws what the nodes showed, and removes the cluster.

Options:
  --out FILE    path of the picture (default ${DEFAULT_OUT}); the recording is written beside it as .jsonl
  --from FILE   draws an earlier recording instead of playing one
  -h, --help    show this help

Exit codes: 0 drawn, 1 the rollout failed, 2 wrong usage, 130 interrupted.
`;

process.exitCode = await drawing(process.argv.slice(2), {
  help: HELP,
  defaultOut: DEFAULT_OUT,
  play: playRollout,
  momentsIn,
  svgOf: (moments) => svgOf(timelineOf(moments), CAPTION),
});

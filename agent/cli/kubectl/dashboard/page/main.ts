// The page's script: every message of the stream changes the model, and each part shows what differs.

import { errorText } from '../../../../text/error-text.ts';
import type { Head, Message } from '../messages.ts';
import { act, follow } from './client.ts';
import { byId, onClick, setEnabled, setText } from './dom.ts';
import { GROUPINGS } from './model/groups.ts';
import { EMPTY, received, type Model } from './model/model.ts';
import { NodePanel } from './node-panel.ts';
import { createPlanPanel } from './plan-panel.ts';
import { createRollout } from './rollout.ts';
import { Tiles } from './tiles/tiles.ts';
import { createTimeline } from './timeline.ts';

const AWAY =
  'kubectl sysctls dashboard does not answer: it has ended or is suspended, or its machine is asleep. Resume it, or start it again and open the new address.';

const MOST_A_FRAME = 150;

let model: Model = EMPTY;
/** Names of nodes whose tiles are not drawn yet. */
const late = new Set<string>();
const tiles = new Tiles(byId('tiles', HTMLElement), openNode);
const panel = new NodePanel((name) => {
  tiles.select(undefined);
  tiles.focus(name);
});
const showRollout = createRollout(openNode);
const showTimeline = createTimeline();
const pause = byId('pause', HTMLButtonElement);
const grouping = byId('grouping', HTMLSelectElement);

grouping.addEventListener('change', () => {
  const chosen = GROUPINGS.find((one) => one === grouping.value);
  if (chosen !== undefined) tiles.groupBy(chosen);
});
onClick(pause, () => void pauseOrResume());
createPlanPanel();
follow(onMessage, onAway);

function onMessage(message: Message): void {
  model = received(model, message);
  showTiles(message);
  showRollout(message.head);
  showTimeline(model);
  showPause(message.head);
  const name = panel.name;
  if (name !== undefined) panel.update(model.tiles.get(name));
}

/** Many tiles that change at once are drawn over several frames, so that no frame is late. */
function showTiles({ isSnapshot, nodes, gone }: Message): void {
  if (isSnapshot) {
    late.clear();
    tiles.show(model.tiles, undefined);
    return;
  }
  const isIdle = late.size === 0;
  for (const name of gone) late.add(name);
  for (const { name } of nodes) late.add(name);
  if (isIdle && late.size > 0) requestAnimationFrame(showLate);
}

function showLate(): void {
  const names = [...late].slice(0, MOST_A_FRAME);
  for (const name of names) late.delete(name);
  if (names.length > 0) tiles.show(model.tiles, names);
  if (late.size > 0) requestAnimationFrame(showLate);
}

function onAway(): void {
  const trouble = byId('trouble', HTMLElement);
  trouble.hidden = false;
  setText(trouble, AWAY);
  setEnabled(pause, false);
}

function showPause({ isPaused, policy }: Head): void {
  setEnabled(pause, policy[0] !== 'not valid');
  setText(pause, isPaused ? 'Resume rollout' : 'Pause rollout');
}

async function pauseOrResume(): Promise<void> {
  const verb = model.head?.isPaused === true ? 'resume' : 'pause';
  const said = byId('pause-said', HTMLElement);
  setText(said, '…');
  try {
    setText(said, (await act({ verb })).text);
  } catch (error) {
    setText(said, errorText(error));
  }
}

function openNode(name: string): void {
  const tile = model.tiles.get(name);
  if (tile === undefined) return;
  tiles.select(name);
  panel.open(tile);
}

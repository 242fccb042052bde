// What the selected node's agent reports, and its history.

import type { NodeDetails, NodeTile } from '../messages.ts';
import { byId, element } from './dom.ts';
import { STANDING_WORDS } from './model/words.ts';

/** Shows the line below the node's name. */
export function showStanding({ standing, state, zone, profile, paused, canary }: NodeTile): void {
  const { mark, word } = STANDING_WORDS[standing];
  const also = [
    paused && 'paused',
    canary && 'canary',
    zone !== '' && `zone ${zone}`,
    profile !== '' && `profile ${profile}`,
  ];
  byId('node-standing', HTMLElement).replaceChildren(
    element('span', { class: 'badge', 'data-standing': standing }, `${mark} ${word}`),
    [state === '' ? 'no report' : state, ...also.filter((part) => part !== false)].join(' · '),
  );
}

export type Details = Pick<NodeDetails, 'facts' | 'history'>;

/** Shows the facts, and the history, newest first. */
export function showDetails({ facts, history }: Details): void {
  byId('node-facts', HTMLElement).replaceChildren(
    ...facts.map(([title, text]) => element('div', {}, element('dt', {}, title), element('dd', {}, text))),
  );
  byId('history-title', HTMLElement).hidden = history.length === 0;
  byId('history', HTMLElement).replaceChildren(...history.toReversed().map(historyItem));
}

function historyItem({ at, result, change, why }: NodeDetails['history'][number]): HTMLElement {
  return element(
    'li',
    { 'data-result': result },
    element('time', { datetime: at }, at.replace('T', ' ').replace(/(?:\.\d+)?Z$/u, '')),
    element('div', {}, element('b', {}, result), ` ${change}`, element('p', {}, why)),
  );
}

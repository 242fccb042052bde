// The selected node: what its agent reports, its history, and what a person can do.

import type { NodeDetails, NodeTile, Verb } from '../messages.ts';
import { act, readNode } from './client.ts';
import { byId, element, setText } from './dom.ts';
import { STANDING_WORDS } from './model/words.ts';

export interface NodePanel {
  /** Shows this node and moves the focus there. */
  open(tile: NodeTile): void;
  /** Shows the node as it is now; undefined: it is gone. */
  update(tile: NodeTile | undefined): void;
  /** The name of the node that is shown. */
  name(): string | undefined;
}

/** Calls `onClose` when a person closes the panel. */
export function createNodePanel(onClose: (name: string) => void): NodePanel {
  const panel = byId('node', HTMLElement);
  const [title, said] = [byId('node-title', HTMLElement), byId('node-said', HTMLElement)];
  const [pause, retry] = [byId('node-pause', HTMLButtonElement), byId('node-retry', HTMLButtonElement)];
  let shown: NodeTile | undefined;

  byId('close-node', HTMLButtonElement).addEventListener('click', close);
  panel.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close();
  });
  pause.addEventListener('click', () => void run(shown?.paused === true ? 'resume' : 'pause'));
  retry.addEventListener('click', () => void run('retry'));

  return {
    open(tile) {
      show(tile);
      setText(said, '');
      panel.hidden = false;
      title.focus();
      void load(tile.name);
    },
    update(tile) {
      if (shown === undefined || tile === shown) return;
      if (tile === undefined) {
        setText(said, 'This node is gone from the cluster.');
        pause.disabled = true;
        retry.disabled = true;
        return;
      }
      show(tile);
      void load(tile.name);
    },
    name: () => shown?.name,
  };

  function show(tile: NodeTile): void {
    const { standing, state, zone, profile, paused, canary } = tile;
    const { mark, word } = STANDING_WORDS[standing];
    const also = [
      paused && 'paused',
      canary && 'canary',
      zone !== '' && `zone ${zone}`,
      profile !== '' && `profile ${profile}`,
    ];
    shown = tile;
    setText(title, tile.name);
    byId('node-standing', HTMLElement).replaceChildren(
      element('span', { class: 'badge', 'data-standing': standing }, `${mark} ${word}`),
      [state === '' ? 'no report' : state, ...also.filter((part) => part !== false)].join(' · '),
    );
    setText(pause, paused ? 'Resume' : 'Pause');
    pause.disabled = false;
    retry.disabled = standing !== 'failed' && state !== 'Degraded';
  }

  async function load(name: string): Promise<void> {
    try {
      const details = await readNode(name);
      if (shown?.name === name) showDetails(details);
    } catch (error) {
      if (shown?.name === name) setText(said, textOf(error));
    }
  }

  async function run(verb: Verb): Promise<void> {
    if (shown === undefined) return;
    const { name } = shown;
    setText(said, '…');
    const text = await act({ verb, node: name }).then((done) => done.text, textOf);
    if (shown?.name === name) setText(said, text);
  }

  function close(): void {
    const name = shown?.name;
    shown = undefined;
    panel.hidden = true;
    if (name !== undefined) onClose(name);
  }
}

function showDetails({ facts, history }: NodeDetails): void {
  byId('node-facts', HTMLElement).replaceChildren(
    ...facts.map(([title, text]) => element('div', {}, element('dt', {}, title), element('dd', {}, text))),
  );
  byId('history-title', HTMLElement).hidden = history.length === 0;
  byId('history', HTMLElement).replaceChildren(
    ...history
      .toReversed()
      .map(({ at, result, change, why }) =>
        element(
          'li',
          { 'data-result': result },
          element('time', { datetime: at }, at.replace('T', ' ').replace(/(?:\.\d+)?Z$/u, '')),
          element('div', {}, element('b', {}, result), ` ${change}`, element('p', {}, why)),
        ),
      ),
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

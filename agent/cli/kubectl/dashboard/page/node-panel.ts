// The selected node: what its agent reports, its history, and what a person can do.

import { errorText } from '../../../../text/error-text.ts';
import type { NodeTile, Verb } from '../messages.ts';
import { act, readNode } from './client.ts';
import { byId, onClick, setEnabled, setText } from './dom.ts';
import { Latest } from './latest.ts';
import { showDetails, showStanding, type Details } from './node-details.ts';

const REFRESH_MS = 5000;
const GONE = 'This node is gone from the cluster.';
const NO_DETAILS: Details = { facts: [], history: [] };

export class NodePanel {
  readonly #panel = byId('node', HTMLElement);
  readonly #title = byId('node-title', HTMLElement);
  readonly #said = byId('node-said', HTMLElement);
  readonly #pause = byId('node-pause', HTMLButtonElement);
  readonly #retry = byId('node-retry', HTMLButtonElement);
  readonly #onClose: (name: string) => void;
  readonly #loads = new Latest();
  #isLoading = false;
  #shown: NodeTile | undefined;
  /** The details that are shown, as JSON. */
  #details = '';

  /** Calls `onClose` when a person closes the panel. */
  constructor(onClose: (name: string) => void) {
    this.#onClose = onClose;
    onClick(byId('close-node', HTMLButtonElement), () => this.#close());
    this.#panel.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.#close();
    });
    onClick(this.#pause, () => void this.#run(this.#shown?.paused ? 'resume' : 'pause'));
    onClick(this.#retry, () => void this.#run('retry'));
    setInterval(() => this.#refresh(), REFRESH_MS);
  }

  /** The name of the node that is shown. */
  get name(): string | undefined {
    return this.#shown?.name;
  }

  /** Shows this node and moves the focus there. */
  open(tile: NodeTile): void {
    if (tile.name !== this.name) this.#showDetails(NO_DETAILS);
    setText(this.#said, '');
    this.#panel.hidden = false;
    this.#show(tile);
    this.#title.focus();
  }

  /** Shows the node as it is now; undefined: it is gone. */
  update(tile: NodeTile | undefined): void {
    if (this.#shown === undefined || tile === this.#shown) return;
    if (tile === undefined) {
      setText(this.#said, GONE);
      setEnabled(this.#pause, false);
      setEnabled(this.#retry, false);
      return;
    }
    if (this.#said.textContent === GONE) setText(this.#said, '');
    this.#show(tile);
  }

  #show(tile: NodeTile): void {
    this.#shown = tile;
    setText(this.#title, tile.name);
    showStanding(tile);
    setText(this.#pause, tile.paused ? 'Resume' : 'Pause');
    setEnabled(this.#pause, true);
    setEnabled(this.#retry, tile.standing === 'failed' || tile.state === 'Degraded');
    void this.#load(tile.name, (error) => setText(this.#said, errorText(error)));
  }

  async #load(name: string, onError: (error: unknown) => void): Promise<void> {
    const isLast = this.#loads.ask();
    this.#isLoading = true;
    try {
      const details = await readNode(name);
      if (isLast()) this.#showDetails(details);
    } catch (error) {
      if (isLast()) onError(error);
    } finally {
      if (isLast()) this.#isLoading = false;
    }
  }

  /** The details change without the tile, such as the reason of a state. */
  #refresh(): void {
    const { name } = this;
    if (name === undefined || document.hidden || this.#isLoading) return;
    // The stream reports what is in trouble, and the next time is near.
    void this.#load(name, () => undefined);
  }

  /** Leaves what is the same: a person may be selecting its text. */
  #showDetails(details: Details): void {
    const text = JSON.stringify(details);
    if (text === this.#details) return;
    this.#details = text;
    showDetails(details);
  }

  async #run(verb: Verb): Promise<void> {
    const { name } = this;
    if (name === undefined) return;
    setText(this.#said, '…');
    const text = await act({ verb, node: name }).then((done) => done.text, errorText);
    if (this.name === name) setText(this.#said, text);
  }

  #close(): void {
    const { name } = this;
    this.#shown = undefined;
    this.#panel.hidden = true;
    if (name !== undefined) this.#onClose(name);
  }
}

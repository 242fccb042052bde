// How long a watch may be silent.

import { isSilence } from './watch-failure.ts';

/**
 * A quiet watch need not be a dead one: an API server has bookmarks to send only while its etcd reports progress, for
 * which kubeadm asks every 5 s, but etcd's default is 10 min. So silence that hid nothing doubles our patience, up to
 * this; a lost connection is found earlier by TCP's probes.
 */
const MAX_SILENCE_MS = 1_200_000;

export interface SilenceSettings {
  /** The timeout to begin with. */
  readonly silenceMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Owns the timeout, which bookmarks and lists shorten and lengthen. */
export class SilenceTimeout {
  readonly #settings: SilenceSettings;
  #timeoutMs: number;
  #wasSilent = false;
  #bookmarkAt: number | undefined;

  constructor(settings: SilenceSettings) {
    this.#settings = settings;
    this.#timeoutMs = settings.silenceMs;
  }

  /** A watch begins: returns how long it may be silent, in milliseconds. */
  begin(): number {
    this.#bookmarkAt = undefined;
    return this.#timeoutMs;
  }

  /** Takes in a bookmark. A second one in time shows that this API server sends them: the timeout is the first one again. */
  bookmark(): void {
    const { silenceMs, now } = this.#settings;
    const isInTime = this.#bookmarkAt !== undefined && now() - this.#bookmarkAt <= silenceMs;
    this.#timeoutMs = isInTime ? silenceMs : this.#timeoutMs;
    this.#bookmarkAt = now();
  }

  /** Takes in what ended a list or a watch. */
  failed(failure: unknown): void {
    this.#wasSilent ||= isSilence(failure);
  }

  /** Takes in a list; after silence, `isNews` says whether the silence hid a change. */
  listed(isNews: boolean): void {
    if (this.#wasSilent) {
      const { silenceMs } = this.#settings;
      this.#wasSilent = false;
      this.#timeoutMs = isNews
        ? silenceMs
        : Math.min(this.#timeoutMs * 2, Math.max(silenceMs, MAX_SILENCE_MS));
    }
  }
}

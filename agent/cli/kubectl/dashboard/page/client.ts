// The page's way to the plugin: the stream, and questions. Every path is relative to the page's, which has the token.

import type { ActRequest, Message, NodeDetails, PlanAnswer, Said } from '../messages.ts';

const RETRY_MS = 1500;
/** The plugin sends a message every second, with very many nodes every few: a suspended one keeps its connections, and so does a tunnel. */
const SILENCE_MS = 15_000;

/** Calls `onMessage` for each message and `onAway` when the plugin does not answer; connects again without end. */
export function follow(onMessage: (message: Message) => void, onAway: () => void): void {
  const source = new EventSource('stream');
  let silence = setTimeout(restart, SILENCE_MS);
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    clearTimeout(silence);
    silence = setTimeout(restart, SILENCE_MS);
    onMessage(JSON.parse(data));
  });
  source.addEventListener('error', restart);

  function restart(): void {
    clearTimeout(silence);
    source.close();
    onAway();
    setTimeout(() => follow(onMessage, onAway), RETRY_MS);
  }
}

export function readPolicy(): Promise<{ readonly text: string }> {
  return answered(fetch('policy'));
}

export function readNode(name: string): Promise<NodeDetails> {
  return answered(fetch(`node?name=${encodeURIComponent(name)}`));
}

export function plan(text: string): Promise<PlanAnswer> {
  return answered(post('plan', { text }));
}

export function act(request: ActRequest): Promise<Said> {
  return answered(post('act', request));
}

function post(path: string, body: object): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Rejects with what the plugin said, or that it does not answer. */
async function answered<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked.catch(() => undefined);
  if (response === undefined)
    throw new Error('kubectl sysctls dashboard does not answer. Start it again and open the new address.');
  const body = await response.json();
  if (!response.ok) throw new Error(String(body.text));
  return body;
}

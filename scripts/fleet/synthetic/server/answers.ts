// The API server's answers, as Go's encoder prints them.

import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { objectAt, stringAt, type JsonObject } from '../../../../agent/cluster/http/json.ts';
import type { Change } from './collection.ts';
import type { Refusal, Resource } from './resource.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const ITEMS_A_WRITE = 100;
/** A watcher that reads no more than this behind the changes is cut off, as by the API server. */
const MOST_UNREAD_BYTES = 256 * 1024 * 1024;

export function sendStatus(response: ServerResponse, { status, reason, message }: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code: status,
  };
  end(response, status, body);
}

export function sendObject(
  response: ServerResponse,
  status: number,
  { kind, apiVersion }: Resource,
  object: JsonObject,
  metadataOnly = false,
): void {
  const body = metadataOnly
    ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object['metadata'] }
    : { kind, apiVersion, ...object };
  end(response, status, body);
}

/** Sends the list, or with `limit` a page of it; never holds the text of a whole list. */
export async function sendList(
  response: ServerResponse,
  resource: Resource,
  query: URLSearchParams,
): Promise<void> {
  const { kind, apiVersion, objects } = resource;
  const page = objects.page(Number(query.get('limit') ?? 0), query.get('continue') ?? undefined);
  const items = page.items.filter(selectedBy(query));
  const metadata = {
    resourceVersion: String(page.version),
    ...(page.next !== undefined && { continue: page.next }),
  };
  const head = JSON.stringify({ kind: `${kind}List`, apiVersion, metadata });
  response.writeHead(200, JSON_TYPE);
  // A client that goes away in the middle is no error of the server.
  await pipeline(Readable.from(listText(head, items)), response).catch(() => undefined);
}

function* listText(head: string, items: readonly JsonObject[]): Generator<string> {
  yield `${head.slice(0, -1)},"items":[`;
  for (let at = 0; at < items.length; at += ITEMS_A_WRITE) {
    const texts = items.slice(at, at + ITEMS_A_WRITE).map((item) => JSON.stringify(item));
    yield `${at === 0 ? '' : ','}${texts.join(',')}`;
  }
  yield ']}\n';
}

export interface Watching {
  readonly query: URLSearchParams;
  readonly bookmarkMs: number;
}

/** Sends changes and bookmarks until the time of the query is over or the client goes. Throws ExpiredError. */
export function sendWatch(
  response: ServerResponse,
  resource: Resource,
  { query, bookmarkMs }: Watching,
): void {
  const { kind, apiVersion, objects } = resource;
  const isSelected = selectedBy(query);
  const text = ({ type, object }: Pick<Change, 'object'> & { readonly type: string }): string =>
    `${JSON.stringify({ type, object: { kind, apiVersion, ...object } })}\n`;
  const changed = (change: Change): void => {
    if (isSelected(change.object)) response.write(text(change));
    if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
  };
  const ended = (): void => void response.end();
  response.setHeader('content-type', 'application/json');
  const stop = objects.watch(Number(query.get('resourceVersion') ?? 0), { changed, ended });
  response.flushHeaders();
  const bookmark = (): void => {
    const metadata = { resourceVersion: String(objects.version()) };
    response.write(text({ type: 'BOOKMARK', object: { metadata } }));
  };
  const timers = [
    setInterval(bookmark, bookmarkMs),
    setTimeout(ended, Number(query.get('timeoutSeconds') ?? 1800) * 1000),
  ];
  response.once('close', () => {
    stop();
    for (const timer of timers) clearTimeout(timer);
  });
}

/** Selects by `fieldSelector=metadata.name=NAME`; everything without one. */
function selectedBy(query: URLSearchParams): (object: JsonObject) => boolean {
  const name = /^metadata\.name=(.*)$/u.exec(query.get('fieldSelector') ?? '')?.[1];
  return (object) => name === undefined || stringAt(objectAt(object, 'metadata'), 'name') === name;
}

function end(response: ServerResponse, status: number, body: object): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...JSON_TYPE, 'content-length': text.length });
  response.end(text);
}

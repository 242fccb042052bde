import { once } from 'node:events';
import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JsonObject, objectAt, objectsAt } from '../../../../../agent/cluster/http/json.ts';
import {
  type Collection,
  createCollection,
  versions,
} from '../../../../../scripts/fleet/synthetic/server/collection.ts';
import { createApiServer } from '../../../../../scripts/fleet/synthetic/server/api-server.ts';

let server: Server;
let nodes: Collection;
let url: string;

beforeEach(async () => {
  nodes = createCollection(versions());
  for (const name of ['n1', 'n2', 'n3']) nodes.put(name, { metadata: { name } });
  server = createApiServer({
    resources: { nodes: { kind: 'Node', apiVersion: 'v1', objects: nodes } },
    bookmarkMs: 20,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/api/v1/nodes`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function get(query: string): Promise<JsonObject> {
  return objectAt(await (await fetch(`${url}${query}`)).json());
}

function patch(name: string, metadata: object): Promise<Response> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  return fetch(`${url}/${name}?fieldManager=someone`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ metadata }),
  });
}

/** Returns the first `count` events of a watch. */
async function events(query: string, count: number): Promise<unknown[]> {
  const response = await fetch(`${url}?watch=true&${query}`);
  const seen: unknown[] = [];
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = lines.pop() ?? '';
    seen.push(...lines.map((line): unknown => JSON.parse(line)));
    if (seen.length >= count) break;
  }
  return seen.slice(0, count);
}

const itemsOf = (list: JsonObject): JsonObject[] =>
  objectsAt(list, 'items').map((item) => objectAt(item, 'metadata'));
const namesOf = (list: JsonObject) => itemsOf(list).map((metadata) => metadata['name']);
const versionOf = (list: JsonObject) => String(objectAt(list, 'metadata')['resourceVersion']);
const nextOf = (list: JsonObject) => String(objectAt(list, 'metadata')['continue']);

describe('a list of the synthetic API server', () => {
  it('comes in pages of the fleet as it was at the first one', async () => {
    const first = await get('?limit=2');
    nodes.put('n4', { metadata: { name: 'n4' } });
    const second = await get(`?limit=2&continue=${nextOf(first)}`);
    expect([namesOf(first), namesOf(second)]).toEqual([['n1', 'n2'], ['n3']]);
    expect(second['metadata']).toEqual({ resourceVersion: versionOf(first) });
  });

  it('is refused with 410 where it continues one from before an expiry', async () => {
    const first = await get('?limit=2');
    nodes.expire();
    expect(await get(`?limit=2&continue=${nextOf(first)}`)).toMatchObject({ code: 410, reason: 'Expired' });
  });

  it('holds one object for a fieldSelector on its name', async () => {
    expect(namesOf(await get('?fieldSelector=metadata.name%3Dn2'))).toEqual(['n2']);
  });
});

describe('a watch of the synthetic API server', () => {
  it('sends what changed since its version, then what changes, and bookmarks', async () => {
    const version = versionOf(await get(''));
    await patch('n1', { labels: { a: 'b' } });
    const seen = await events(`resourceVersion=${version}`, 2);
    expect(seen).toMatchObject([
      { type: 'MODIFIED', object: { kind: 'Node', metadata: { name: 'n1', labels: { a: 'b' } } } },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(nodes.version()) } } },
    ]);
  });

  it('ends at an expiry, and is refused with 410 from a version before it', async () => {
    const version = versionOf(await get(''));
    const ended = fetch(`${url}?watch=true&resourceVersion=${version}`);
    const { body } = await ended;
    nodes.expire();
    expect(await new Response(body).text()).not.toContain('MODIFIED');
    const again = await fetch(`${url}?watch=true&resourceVersion=${version}`);
    expect(again.status).toBe(410);
  });
});

describe('a patch on the synthetic API server', () => {
  it('is refused with 409 when it names another version than the object has', async () => {
    const [version] = itemsOf(await get('')).map((metadata) => metadata['resourceVersion']);
    expect((await patch('n1', { resourceVersion: version, annotations: { a: '1' } })).status).toBe(200);
    expect((await patch('n1', { resourceVersion: version, annotations: { a: '2' } })).status).toBe(409);
  });

  it('is noted in managedFields with its manager, and no longer when it removes the field', async () => {
    await patch('n1', { annotations: { a: '1', b: '1' } });
    await patch('n1', { annotations: { a: null } });
    const [metadata = {}] = itemsOf(await get(''));
    expect(metadata['annotations']).toEqual({ b: '1' });
    const [entry] = objectsAt(metadata, 'managedFields');
    expect(entry).toMatchObject({ manager: 'someone' });
    expect(objectAt(entry, 'fieldsV1', 'f:metadata', 'f:annotations')).toEqual({ 'f:b': {} });
  });
});

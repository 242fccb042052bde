import { describe, expect, it } from 'vitest';
import { stringAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import {
  watchCollection,
  type CollectionWatchOptions,
} from '../../../agent/cluster/watch/watch-collection.ts';
import { errorText } from '../../../agent/text/error-text.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  json,
  status,
  watching,
  type FaultServer,
  type Handler,
} from '../fault-server.ts';

const open = closedAfterEach();

const object = (name: string, version: number, value: string): object => ({
  metadata: { name, resourceVersion: String(version) },
  value,
});
const list = (version: number, ...items: object[]): Handler =>
  json(200, { kind: 'ThingList', metadata: { resourceVersion: String(version) }, items });
const event = (type: string, ...given: Parameters<typeof object>): object => ({
  type,
  object: object(...given),
});

interface Followed {
  /** `list a=1 b=2`, `a=3`, `-a`. */
  readonly changes: string[];
  readonly errors: unknown[];
  /** The errors that callbacks threw. */
  readonly faults: unknown[];
  /** `name: why` */
  readonly unreadable: string[];
  readonly server: FaultServer;
}

async function follow(
  handlers: Handler[],
  more: Partial<CollectionWatchOptions<string>> = {},
): Promise<Followed> {
  const server = await faultServer();
  server.answer(...handlers);
  const transport = createTransport(server.credentials());
  const changes: string[] = [];
  const errors: unknown[] = [];
  const faults: unknown[] = [];
  const unreadable: string[] = [];
  const watch = watchCollection<string>({
    transport,
    path: '/api/v1/things',
    parse: (thing) => stringAt(thing, 'value') ?? 'none',
    onList: (objects) => {
      changes.push(['list', ...[...objects].map(([name, value]) => `${name}=${value}`)].join(' '));
      return true;
    },
    onChanged: (name, value) => changes.push(`${name}=${value}`),
    onDeleted: (name) => changes.push(`-${name}`),
    onError: (error) => errors.push(error),
    onFault: (error) => faults.push(error),
    onUnreadable: (name, error) => unreadable.push(`${name}: ${errorText(error)}`),
    silenceMs: 5000,
    backoff: { minMs: 4, maxMs: 20 },
    ...more,
  });
  open.push(server, transport, { close: () => watch.stop() });
  return { changes, errors, faults, unreadable, server };
}

describe('watchCollection', () => {
  it('lists in pages of the size that it was given, and reports them as one list', async () => {
    const first = {
      kind: 'ThingList',
      metadata: { resourceVersion: '5', continue: 'more' },
      items: [object('a', 1, 'x'), object('b', 2, 'y')],
    };
    const { changes, server } = await follow(
      [json(200, first), list(5, object('c', 3, 'z')), watching([event('MODIFIED', 'a', 7, 'xx')])],
      { pageSize: 2 },
    );
    await eventually(() => expect(changes).toEqual(['list a=x b=y c=z', 'a=xx']));
    const queries = server.seen.map(({ query }) => query);
    expect(queries.slice(0, 2).map(String)).toEqual(['limit=2', 'limit=2&continue=more']);
    expect(queries[2]?.get('resourceVersion')).toBe('5');
  });

  it('lists from the beginning when a page is refused because the list expired', async () => {
    const first = {
      kind: 'ThingList',
      metadata: { resourceVersion: '5', continue: 'more' },
      items: [object('a', 1, 'x')],
    };
    const { changes, server } = await follow(
      [
        json(200, first),
        json(410, status(410, 'Expired', 'too old')),
        list(6, object('a', 6, 'xx')),
        watching([]),
      ],
      { pageSize: 1 },
    );
    await eventually(() => expect(changes).toEqual(['list a=xx']));
    expect(String(server.seen[2]?.query)).toBe('limit=1');
  });

  it('reports the list, then each change and each deletion by name', async () => {
    const { changes, server, errors } = await follow([
      list(5, object('a', 1, 'x'), object('b', 2, 'y')),
      watching([event('ADDED', 'c', 6, 'z'), event('MODIFIED', 'a', 7, 'xx'), event('DELETED', 'b', 8, 'y')]),
    ]);
    await eventually(() => expect(changes).toEqual(['list a=x b=y', 'c=z', 'a=xx', '-b']));
    // No resourceVersion: the response contains everything written before the request.
    expect([...(server.seen[0]?.query ?? [])]).toEqual([]);
    expect(server.seen[1]?.query.get('resourceVersion')).toBe('5');
    expect(server.seen[1]?.query.has('fieldSelector')).toBe(false);
    expect(errors).toEqual([]);
  });

  it('accepts an empty list and a list that is null', async () => {
    const empty = json(200, { kind: 'ThingList', metadata: { resourceVersion: '3' }, items: null });
    const { changes, server } = await follow([empty, watching([event('ADDED', 'a', 4, 'x')])]);
    await eventually(() => expect(changes).toEqual(['list', 'a=x']));
    expect(server.seen[1]?.query.get('resourceVersion')).toBe('3');
  });

  it('lists again when its version is too old', async () => {
    const { changes, errors } = await follow([
      list(5, object('a', 1, 'x'), object('b', 2, 'y')),
      json(410, status(410, 'Expired', 'too old')),
      list(90, object('b', 80, 'yy')),
      watching([]),
    ]);
    await eventually(() => expect(changes).toEqual(['list a=x b=y', 'list b=yy']));
    expect(errors).toEqual([]);
  });

  it.each([
    [
      'is cut off',
      (response) =>
        void response.write(
          '{"kind":"ThingList","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"',
          () => response.socket?.destroy(),
        ),
    ],
    ['has no version', json(200, { kind: 'ThingList', metadata: {}, items: [object('a', 1, 'x')] })],
    ['is refused', json(403, status(403, 'Forbidden', 'no'))],
  ] satisfies [string, Handler][])('discards a list that %s, and lists again', async (_title, bad) => {
    const { changes, errors } = await follow([bad, list(5, object('a', 1, 'x')), watching([])]);
    await eventually(() => expect(changes).toEqual(['list a=x']));
    expect(errors.length).toBe(1);
  });

  it('parses each object of a list of many megabytes separately', async () => {
    const items = Array.from({ length: 300 }, (_, index) => object(`n${index}`, 1, 'x'.repeat(40_000)));
    const { changes } = await follow([list(5, ...items), watching([])], {
      parse: (thing) => String(stringAt(thing, 'value')?.length),
    });
    await eventually(() => expect(changes.length).toBe(1));
    expect(changes[0]?.split(' ').slice(1)).toEqual(items.map((_, index) => `n${index}=40000`));
  });
});

const parse = (thing: JsonObject): string => {
  const value = stringAt(thing, 'value') ?? 'none';
  if (value === 'bad') throw new TypeError('no value');
  return value;
};

describe('an object that cannot be parsed', () => {
  it('is skipped in a list and in a watch without hiding the others', async () => {
    const { changes, errors, unreadable, server } = await follow(
      [
        list(5, object('a', 1, 'x'), object('b', 2, 'bad'), { metadata: {} }, object('c', 3, 'z')),
        watching([
          event('MODIFIED', 'a', 6, 'bad'),
          { type: 'ADDED', object: { value: 'x' } },
          { type: 'DELETED', object: { metadata: { resourceVersion: '7' } } },
          event('MODIFIED', 'c', 8, 'zz'),
        ]),
      ],
      { parse },
    );
    await eventually(() => expect(changes).toEqual(['list a=x c=z', 'c=zz']));
    expect(errors).toEqual([]);
    expect(server.seen.length).toBe(2);
    expect(unreadable).toEqual([
      'b: no value',
      'an object without a name: Expected an object with metadata.name, got one without',
      'a: no value',
    ]);
  });

  it('is skipped when it exceeds the maximum size of an object', async () => {
    const { changes, errors, unreadable } = await follow([
      list(5, object('a', 1, 'x'), object('b', 2, 'x'.repeat(5 * 1024 * 1024)), object('c', 3, 'z')),
      watching([]),
    ]);
    await eventually(() => expect(changes).toEqual(['list a=x c=z']));
    expect(errors).toEqual([]);
    expect(unreadable).toEqual([expect.stringMatching(/^b: Expected an object of at most \d+ bytes/u)]);
  });

  it('is reported once, and again only after it could be parsed in between', async () => {
    const { changes, unreadable } = await follow(
      [
        list(5, object('a', 1, 'bad')),
        watching([
          event('MODIFIED', 'a', 6, 'bad'),
          event('MODIFIED', 'a', 7, 'x'),
          event('MODIFIED', 'a', 8, 'bad'),
          event('MODIFIED', 'b', 9, 'y'),
        ]),
      ],
      { parse },
    );
    await eventually(() => expect(changes).toEqual(['list', 'a=x', 'b=y']));
    expect(unreadable).toEqual(['a: no value', 'a: no value']);
  });
});

describe('a callback that throws', () => {
  const bug = new TypeError('a bug');
  const fail = (): never => {
    throw bug;
  };

  it('is reported as a fault, and the watch continues without a new list', async () => {
    const changes: string[] = [];
    const { errors, faults, server } = await follow(
      [
        list(5, object('a', 1, 'x')),
        watching([
          event('MODIFIED', 'a', 6, 'y'),
          event('DELETED', 'a', 7, 'y'),
          event('ADDED', 'b', 8, 'z'),
        ]),
      ],
      {
        onListing: fail,
        onList: fail,
        onChanged: (name) => (name === 'a' ? fail() : changes.push(name)),
        onDeleted: fail,
      },
    );
    await eventually(() => expect(changes).toEqual(['b']));
    expect(faults).toEqual([bug, bug, bug, bug]);
    expect(errors).toEqual([]);
    expect(server.seen.length).toBe(2);
  });

  it('is reported as a fault when it throws in onError or onRecovered', async () => {
    const { changes, faults } = await follow(
      [json(500, status(500, 'InternalError', 'no')), list(5, object('a', 1, 'x')), watching([])],
      { onError: fail, onRecovered: fail },
    );
    await eventually(() => expect(changes).toEqual(['list a=x']));
    expect(faults).toEqual([bug, bug]);
  });
});

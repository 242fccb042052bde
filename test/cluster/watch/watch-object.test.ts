import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stringAt } from '../../../agent/cluster/http/json.ts';
import { createTransport, type TransportOptions } from '../../../agent/cluster/http/transport.ts';
import type { Watch } from '../../../agent/cluster/watch/watch-loop.ts';
import { watchObject, type ObjectWatchOptions } from '../../../agent/cluster/watch/watch-object.ts';
import { selfSigned } from '../certificate.ts';
import {
  closedAfterEach,
  eventually,
  faultServer,
  hangUp,
  json,
  line,
  neverAnswer,
  status,
  watching,
  type FaultServer,
  type Handler,
  type Seen,
} from '../fault-server.ts';

const open = closedAfterEach();

/** An object of which only `value` matters. */
const object = (version: number, value: string): object => ({
  metadata: { name: 'one', resourceVersion: String(version) },
  value,
});
const list = (version: number, ...items: object[]): Handler =>
  json(200, { kind: 'List', metadata: { resourceVersion: String(version) }, items });
const modified = (version: number, value: string): object => ({
  type: 'MODIFIED',
  object: object(version, value),
});
const bookmark = (version: number): object => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(version) } },
});
const errorEvent = (code: number, reason: string): object => ({
  type: 'ERROR',
  object: status(code, reason, 'from the stream'),
});
const end = (response: { end(): unknown }): void => {
  response.end();
};
const openWatch = watching([]);
const listOr =
  (watch: Handler): Handler =>
  (response, seen) =>
    (isWatch(seen) ? watch : list(1, object(1, 'a')))(response, seen);

interface Followed {
  readonly watch: Watch;
  /** The arguments of onChange, in order. */
  readonly changes: (string | undefined)[];
  readonly errors: unknown[];
}

function follow(
  server: FaultServer,
  options: Partial<ObjectWatchOptions<string>> = {},
  limits: TransportOptions = {},
): Followed {
  const transport = createTransport(server.credentials(), limits);
  const changes: (string | undefined)[] = [];
  const errors: unknown[] = [];
  const watch = watchObject<string>({
    transport,
    path: '/api/v1/things',
    name: 'one',
    parse: (thing) => stringAt(thing, 'value') ?? 'none',
    onChange: (value) => changes.push(value),
    onError: (error) => errors.push(error),
    healthyMs: 10_000,
    silenceMs: 5000,
    backoff: { minMs: 4, maxMs: 20 },
    ...options,
  });
  open.push(transport, { close: () => watch.stop() });
  return { watch, changes, errors };
}

async function served(...handlers: Handler[]): Promise<FaultServer> {
  const server = await faultServer();
  open.push(server);
  server.answer(...handlers);
  return server;
}

const isWatch = (seen: Seen): boolean => seen.query.get('watch') === 'true';
/** The requests in short: `list`, or the version that a watch resumed from. */
const requests = (server: FaultServer): (string | null)[] =>
  server.seen.map((seen) => (isWatch(seen) ? seen.query.get('resourceVersion') : 'list'));

describe('watchObject', () => {
  it('lists by name, then watches from the version of the list, with bookmarks and a timeout', async () => {
    const server = await served(list(5, object(4, 'a')), openWatch);
    const { watch, changes } = follow(server, {
      timeoutSeconds: 100,
      random: () => 0.5,
    });
    await watch.synced;
    await eventually(() => expect(server.seen.length).toBe(2));
    expect(changes).toEqual(['a']);
    expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({ fieldSelector: 'metadata.name=one' });
    expect(Object.fromEntries(server.seen[1]?.query ?? [])).toEqual({
      fieldSelector: 'metadata.name=one',
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '150',
    });
  });

  it('reports each change, a deletion, and an object that is created later', async () => {
    const server = await served(
      list(1),
      watching([
        { type: 'ADDED', object: object(2, 'a') },
        modified(3, 'b'),
        { type: 'DELETED', object: object(4, 'b') },
        { type: 'ADDED', object: object(5, 'c') },
      ]),
    );
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual([undefined, 'a', 'b', undefined, 'c']));
  });

  it('does not report a change of fields that it does not parse', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      watching([modified(2, 'a'), modified(3, 'a'), modified(4, 'b')]),
    );
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b']));
  });

  it('works over TLS', async () => {
    const server = await faultServer({ tls: selfSigned('apiserver') });
    open.push(server);
    server.answer(list(1, object(1, 'a')), watching([modified(2, 'b')]));
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b']));
  });

  it('decodes a character that arrives in several chunks', async () => {
    const bytes = Buffer.from(line(modified(2, 'häß→𝄞')));
    const server = await served(
      list(1, object(1, 'a')),
      watching([], (response) => {
        void (async () => {
          for (const byte of bytes) {
            response.write(Buffer.from([byte]));
            await sleep(0);
          }
        })();
      }),
    );
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'häß→𝄞']));
  });
});

describe('watchObject after the end of a watch', () => {
  it('resumes from the last bookmark without a list', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      watching([modified(2, 'b'), bookmark(70)], end),
      watching([modified(71, 'c')]),
    );
    const { changes, errors } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b', 'c']));
    expect(requests(server)).toEqual(['list', '1', '70']);
    expect(errors).toEqual([]);
  });

  it('resumes from the last version when the connection broke within a line', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      watching([modified(2, 'b')], (response) =>
        response.write('{"type":"MODIFIED","object":{"val', () => response.socket?.destroy()),
      ),
      watching([modified(3, 'c')]),
    );
    const { changes, errors } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b', 'c']));
    expect(requests(server)).toEqual(['list', '1', '2']);
    expect(errors).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it.each([
    ['an HTTP status', json(410, status(410, 'Expired', 'too old resource version'))],
    ['an ERROR event', watching([errorEvent(410, 'Expired')])],
  ])('lists again when %s reports that its version is too old', async (_title, gone) => {
    const server = await served(
      list(1, object(1, 'a')),
      gone,
      list(90, object(80, 'b')),
      watching([modified(91, 'c')]),
    );
    const { changes, errors } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b', 'c']));
    expect(requests(server)).toEqual(['list', '1', 'list', '90']);
    // 410 is a regular part of the protocol, not an error.
    expect(errors).toEqual([]);
  });

  it.each([
    ['any other ERROR event', watching([errorEvent(500, 'InternalError')])],
    ['a line that is not JSON', watching([], (response) => response.write('<html>\n'))],
    ['an event of an unknown type', watching([{ type: 'SURPRISE', object: object(2, 'x') }])],
    ['a bookmark without a version', watching([{ type: 'BOOKMARK', object: {} }])],
  ])('lists again after %s', async (_title, bad) => {
    const server = await served(list(1, object(1, 'a')), bad, list(9, object(8, 'b')), openWatch);
    const { changes, errors } = follow(server);
    await eventually(() => expect(requests(server)).toEqual(['list', '1', 'list', '9']));
    expect(changes.at(-1)).toBe('b');
    expect(errors.length).toBe(1);
  });

  it('lists again after a line beyond the limit', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      watching([modified(2, 'x'.repeat(5000))]),
      list(3, object(3, 'b')),
      openWatch,
    );
    const { changes, errors } = follow(server, {}, { maxLineBytes: 2000 });
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    expect(errors).toMatchObject([{ name: 'InvalidResponseError' }]);
  });

  it('reports nothing when a new list contains the object unchanged', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      watching([errorEvent(410, 'Expired')]),
      list(9, object(8, 'a')),
      watching([modified(10, 'b')]),
    );
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    expect(requests(server)).toEqual(['list', '1', 'list', '9']);
  });

  it('reports an object that was deleted while no watch was open', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      json(410, status(410, 'Expired', 'too old')),
      list(9),
      openWatch,
    );
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', undefined]));
  });
});

describe('the watched object', () => {
  it('keeps its last value while it cannot be parsed', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      watching([modified(2, 'bad'), modified(3, 'bad'), modified(4, 'b')]),
    );
    const unreadable: unknown[] = [];
    const { changes, errors } = follow(server, {
      parse: (thing) => {
        if (stringAt(thing, 'value') === 'bad') throw new Error('no value');
        return stringAt(thing, 'value') ?? 'none';
      },
      onUnreadable: (name, error) => unreadable.push([name, error]),
    });
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    expect(unreadable).toEqual([['one', new Error('no value')]]);
    expect(errors).toEqual([]);
    expect(requests(server)).toEqual(['list', '1']);
  });

  it('is still watched after the callback throws', async () => {
    const server = await served(list(1, object(1, 'a')), watching([modified(2, 'b'), modified(3, 'c')]));
    const faults: unknown[] = [];
    const seen: unknown[] = [];
    const { errors } = follow(server, {
      onChange: (value) => {
        seen.push(value);
        if (value !== 'c') throw new Error(`a bug with ${value}`);
      },
      onFault: (error) => faults.push(error),
    });
    await eventually(() => expect(seen).toEqual(['a', 'b', 'c']));
    expect(faults).toEqual([new Error('a bug with a'), new Error('a bug with b')]);
    expect(errors).toEqual([]);
    expect(requests(server)).toEqual(['list', '1']);
  });
});

describe('a silent connection', () => {
  it('is closed, and a list finds the missed change', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      openWatch,
      list(9, object(8, 'b')),
      watching([modified(10, 'c')]),
    );
    const { changes, errors } = follow(server, { silenceMs: 40 });
    await eventually(() => expect(changes).toEqual(['a', 'b', 'c']));
    expect(errors[0]).toMatchObject({ name: 'TimeoutError', step: 'stream', waitedMs: 40 });
  });

  it('is allowed for longer each time it hid no change', async () => {
    const server = await served(listOr(watching([bookmark(2)])));
    const { errors } = follow(server, { silenceMs: 15 });
    await eventually(() => expect(errors.length).toBeGreaterThan(2));
    expect(errors.slice(0, 3)).toMatchObject([{ waitedMs: 15 }, { waitedMs: 30 }, { waitedMs: 60 }]);
  });

  it('is allowed only for the initial time again after it hid a change', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      openWatch,
      list(1, object(1, 'a')),
      openWatch,
      list(2, object(2, 'b')),
      openWatch,
      listOr(openWatch),
    );
    const { errors } = follow(server, { silenceMs: 15 });
    await eventually(() => expect(errors.length).toBeGreaterThan(2));
    expect(errors.slice(0, 3)).toMatchObject([{ waitedMs: 15 }, { waitedMs: 30 }, { waitedMs: 15 }]);
  });
});

describe('a silent connection, once bookmarks arrive regularly', () => {
  it('is not allowed for longer than before', async () => {
    const server = await served(
      list(1, object(1, 'a')),
      openWatch,
      list(1, object(1, 'a')),
      watching([bookmark(2), bookmark(3)]),
      listOr(openWatch),
    );
    const { errors } = follow(server, { silenceMs: 100 });
    await eventually(() => expect(errors.length).toBeGreaterThan(2));
    expect(errors.slice(0, 3)).toMatchObject([{ waitedMs: 100 }, { waitedMs: 200 }, { waitedMs: 200 }]);
  });
});

describe('an unavailable API server', () => {
  it('is found once it starts, although it was down at first', async () => {
    const port = await freePort();
    const down = createTransport({
      server: new URL(`http://127.0.0.1:${port}`),
      namespace: 'test',
      token: async () => undefined,
      ca: async () => undefined,
    });
    const changes: unknown[] = [];
    const errors: unknown[] = [];
    const watch = watchObject({
      transport: down,
      path: '/api/v1/things',
      name: 'one',
      parse: (thing) => thing['value'],
      onChange: (value) => changes.push(value),
      onError: (error) => errors.push(error),
      backoff: { minMs: 4, maxMs: 20 },
    });
    open.push(down, { close: () => watch.stop() });
    await eventually(() => expect(errors.length).toBeGreaterThan(2));
    expect(errors[0]).toMatchObject({ code: 'ECONNREFUSED' });
    const server = await faultServer({ port });
    open.push(server);
    server.answer(list(1, object(1, 'a')), openWatch);
    await watch.synced;
    expect(changes).toEqual(['a']);
  });

  it.each([
    ['401', json(401, status(401, 'Unauthorized', 'Unauthorized'))],
    ['403', json(403, status(403, 'Forbidden', 'no rights yet'))],
    ['404', json(404, status(404, 'NotFound', 'no such API'))],
    ['a closed connection', hangUp],
    ['a list without a version', json(200, { items: [] })],
    ['the error page of a proxy', (response) => response.end('<html>')],
  ] satisfies [string, Handler][])(
    'is listed again while it answers a list with %s',
    async (_title, refusal) => {
      const server = await served(refusal);
      const { watch, changes, errors } = follow(server);
      await eventually(() => expect(errors.length).toBeGreaterThan(1));
      expect(changes).toEqual([]);
      server.answer(list(1, object(1, 'a')), openWatch);
      await watch.synced;
      expect(changes).toEqual(['a']);
    },
  );

  it('does not invalidate the version by answering watches with 503', async () => {
    const busy = json(503, status(503, 'ServiceUnavailable', 'starting'));
    const server = await served(
      list(1, object(1, 'a')),
      watching([bookmark(7)], end),
      busy,
      busy,
      busy,
      watching([modified(8, 'b')]),
    );
    const { changes } = follow(server);
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    expect(requests(server)).toEqual(['list', '1', '7', '7', '7', '7']);
  });

  it.each([
    ['the requested time plus jitter', '9', 9000],
    ['at most two minutes plus jitter', '86400', 120_000],
  ])('gets no request during its Retry-After: %s', async (_title, asked, floor) => {
    const pauses: number[] = [];
    const server = await served(
      list(1, object(1, 'a')),
      json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': asked }),
      watching([modified(2, 'b')]),
    );
    const { changes } = follow(server, {
      random: () => 0.5,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    });
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    expect(pauses).toEqual([floor + 2]);
  });

  it('is retried with increasing delays while it fails', async () => {
    const pauses: number[] = [];
    const server = await served(hangUp);
    const { watch } = follow(server, {
      backoff: { minMs: 250, maxMs: 30_000 },
      random: () => 0.999_999,
      sleep: async (ms) => {
        pauses.push(ms);
        if (pauses.length === 10) {
          watch.stop();
        }
      },
    });
    await eventually(() => expect(pauses.length).toBe(10));
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(server.seen.length).toBe(10);
  });

  it('is retried within 10 s, however long it was unavailable', async () => {
    const pauses: number[] = [];
    const server = await served(hangUp);
    const transport = createTransport(server.credentials());
    const watch = watchObject({
      transport,
      path: '/api/v1/things',
      name: 'one',
      parse: (thing) => thing,
      onChange: () => {},
      random: () => 0.999_999,
      sleep: async (ms) => {
        pauses.push(ms);
        if (pauses.length === 30) {
          watch.stop();
        }
      },
    });
    open.push(transport, { close: () => watch.stop() });
    await eventually(() => expect(pauses.length).toBe(30));
    expect(pauses.at(-1)).toBe(10_000);
    expect(Math.max(...pauses)).toBe(10_000);
  });

  it('is retried when a list or a watch times out', async () => {
    const server = await served(
      neverAnswer,
      list(1, object(1, 'a')),
      neverAnswer,
      watching([modified(2, 'b')]),
    );
    const { changes, errors } = follow(server, { answerMs: 300 });
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    expect(errors).toMatchObject([
      { name: 'TimeoutError', step: 'answer', waitedMs: 300 },
      { name: 'TimeoutError', step: 'answer', waitedMs: 300 },
    ]);
    expect(requests(server)).toEqual(['list', 'list', '1', '1']);
  });

  it('is reported as recovered once, after the list was applied, and only after a failure', async () => {
    const order: string[] = [];
    const server = await served(
      json(503, status(503, 'ServiceUnavailable', 'starting')),
      json(503, status(503, 'ServiceUnavailable', 'starting')),
      list(1, object(1, 'a')),
      watching([modified(2, 'b')], end),
      hangUp,
      watching([modified(3, 'c')]),
    );
    follow(server, {
      onChange: (value) => order.push(String(value)),
      onError: () => order.push('failed'),
      onRecovered: () => order.push('recovered'),
    });
    await eventually(() => expect(order.at(-1)).toBe('c'));
    expect(order).toEqual(['failed', 'failed', 'a', 'recovered', 'b', 'failed', 'recovered', 'c']);
  });

  it('is retried with increasing delays when it ends every watch at once', async () => {
    const pauses: number[] = [];
    const server = await served(list(1, object(1, 'a')), watching([], end));
    const { watch } = follow(server, {
      backoff: { minMs: 250, maxMs: 30_000 },
      random: () => 0.999_999,
      sleep: async (ms) => {
        pauses.push(ms);
        if (pauses.length === 4) {
          watch.stop();
        }
      },
    });
    await eventually(() => expect(pauses.length).toBe(4));
    expect(pauses).toEqual([250, 500, 1000, 2000]);
    expect(requests(server)).toEqual(['list', '1', '1', '1', '1']);
  });

  it.each([
    ['an HTTP status', json(410, status(410, 'Expired', 'too old'))],
    ['an ERROR event', watching([errorEvent(410, 'Expired')])],
  ])('resets the backoff when it reports by %s that the version is too old', async (_how, gone) => {
    const pauses: number[] = [];
    const server = await served(list(1, object(1, 'a')), hangUp, hangUp, hangUp, gone, list(9), openWatch);
    const { changes } = follow(server, {
      backoff: { minMs: 250, maxMs: 30_000 },
      random: () => 0.999_999,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    });
    await eventually(() => expect(server.seen.length).toBe(7));
    expect(pauses).toEqual([250, 500, 1000, 250]);
    expect(changes).toEqual(['a', undefined]);
  });

  it('is retried with increasing delays when it reports that the version of its own list is too old', async () => {
    const pauses: number[] = [];
    const server = await served(listOr(json(410, status(410, 'Expired', 'too old'))));
    const { watch } = follow(server, {
      backoff: { minMs: 250, maxMs: 30_000 },
      random: () => 0.999_999,
      sleep: async (ms) => {
        pauses.push(ms);
        if (pauses.length === 4) {
          watch.stop();
        }
      },
    });
    await eventually(() => expect(pauses.length).toBe(4));
    expect(pauses).toEqual([250, 500, 1000, 2000]);
  });

  it('resets the backoff after a watch that lasted', async () => {
    const pauses: number[] = [];
    let now = 0;
    let lasting: { end(): unknown } | undefined;
    const server = await served(
      list(1, object(1, 'a')),
      hangUp,
      hangUp,
      watching([modified(2, 'b')], (response) => (lasting = response)),
      openWatch,
    );
    const { changes } = follow(server, {
      backoff: { minMs: 250, maxMs: 30_000 },
      random: () => 0.999_999,
      now: () => now,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    });
    await eventually(() => expect(changes).toEqual(['a', 'b']));
    now = 10_000;
    lasting?.end();
    await eventually(() => expect(server.seen.length).toBe(5));
    expect(pauses).toEqual([250, 500, 250]);
  });
});

describe('stop', () => {
  it.each([
    ['a watch is open', [list(1, object(1, 'a')), openWatch], 1],
    ['a list is not answered', [neverAnswer], 0],
    ['a watch is not answered', [list(1, object(1, 'a')), neverAnswer], 1],
  ] satisfies [string, Handler[], number][])(
    'closes the connections and calls nothing while %s',
    async (_title, handlers, kept) => {
      const server = await served(...handlers);
      const { watch, errors } = follow(server);
      await eventually(() => expect(server.seen.length).toBe(handlers.length));
      watch.stop();
      // The connection of the list stays open for the transport's next request.
      await eventually(() => expect(server.connections.size).toBe(kept));
      await sleep(30);
      expect(server.seen.length).toBe(handlers.length);
      expect(errors).toEqual([]);
    },
  );

  it('ends a pause at once and leaves no timer', async () => {
    const server = await served(hangUp);
    const { watch, errors } = follow(server, {
      backoff: { minMs: 60_000, maxMs: 60_000 },
      random: () => 0.9,
    });
    await eventually(() => expect(errors.length).toBe(1));
    // Timers of other parts may end in the meantime.
    const inThePause = timers();
    watch.stop();
    await sleep(0);
    expect(timers()).toBeLessThan(inThePause);
    expect(server.seen.length).toBe(1);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

/** A port on which nothing listens, for a moment at least. */
async function freePort(): Promise<number> {
  const server = await faultServer();
  const { port } = server.url;
  await server.close();
  const refused = createConnection(Number(port), '127.0.0.1');
  await new Promise((resolve) => {
    refused.once('error', resolve);
  });
  return Number(port);
}

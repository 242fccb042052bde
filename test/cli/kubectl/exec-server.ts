// An API server's end of `exec`: a WebSocket (RFC 6455) that sends these frames and closes.

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export const STDOUT = 1;
export const STDERR = 2;
export const STATUS = 3;

/** What one channel says. */
export type Said = readonly [channel: number, text: string];

export interface ExecServer extends AsyncDisposable {
  readonly url: string;
  /** The paths that were asked for, with their queries. */
  readonly asked: URL[];
}

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Answers lists of pods with `pods`; upgrades everything else and sends `said`, or refuses with `said` as a status. An empty
 * list leaves the connection open and silent.
 */
export async function execServer(
  pods: readonly object[],
  said: readonly Said[] | number,
): Promise<ExecServer> {
  const asked: URL[] = [];
  const sockets = new Set<Duplex>();
  const server: Server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://any'));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: '1' }, items: pods }));
  });
  server.on('upgrade', (request, socket) => {
    asked.push(new URL(request.url ?? '', 'http://any'));
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (typeof said === 'number') {
      socket.end(`HTTP/1.1 ${said} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const key = `${request.headers['sec-websocket-key']}${MAGIC}`;
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n` +
        'Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n',
    );
    for (const [channel, text] of said) {
      socket.write(binaryFrame(Buffer.concat([Buffer.from([channel]), Buffer.from(text)])));
    }
    if (said.length > 0) socket.end(Buffer.from([0x88, 0]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      // What was upgraded is no longer the server's.
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function binaryFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? [0x82, length] : [0x82, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

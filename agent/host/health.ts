// Queries the kubelet's healthz endpoint over plain HTTP on this node.

import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Health } from '../node/ports.ts';

/** Opens a new connection for each query: on a kept one the old kubelet could answer. */
export const kubeletHealth: Health = {
  async ok(address, port, timeoutMs) {
    const begun = performance.now();
    const socket = await connected(address, port, timeoutMs);
    const left = Math.max(1, timeoutMs - (performance.now() - begun));
    return socket !== undefined && answers200(socket, address, port, left);
  },
};

/**
 * The connected socket; undefined when the connection is refused or times out. A starting kubelet is queried a hundred times a second
 * and refuses nearly all connections. Connecting before creating an HTTP request takes a seventh of the CPU, which the kubelet needs then.
 */
function connected(host: string, port: number, timeoutMs: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const fail = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    // This listener is never removed: an error without a listener would terminate the process.
    socket.on('error', fail);
    socket.once('timeout', fail);
    socket.once('connect', () => {
      socket.off('timeout', fail);
      resolve(socket);
    });
  });
}

function answers200(socket: Socket, host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host, port, path: '/healthz', timeout: timeoutMs, createConnection: () => socket },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', () => resolve(false));
      },
    );
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

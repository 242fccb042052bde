// Counts the bytes that this process's agents exchange with the API server.

import { subscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Traffic } from './messages.ts';

/** Counts all requests with that User-Agent from now on; returns a function that reads the counts. */
export function countTraffic(userAgent: string): () => Traffic {
  const open = new Set<Socket>();
  let closedBytes = 0;
  let connections = 0;

  // Published when a response's head has arrived: the socket is known then.
  subscribe('http.client.response.finish', (message) => {
    const request = requestIn(message);
    const socket = request?.socket;
    if (!socket || open.has(socket) || request?.getHeader('user-agent') !== userAgent) return;
    open.add(socket);
    connections += 1;
    socket.once('close', () => {
      open.delete(socket);
      closedBytes += bytesOf(socket);
    });
  });
  return () => ({
    bytes: [...open].reduce((sum, socket) => sum + bytesOf(socket), closedBytes),
    connections,
  });
}

function requestIn(message: unknown): ClientRequest | undefined {
  const found =
    typeof message === 'object' && message !== null && 'request' in message ? message.request : undefined;
  return found instanceof ClientRequest ? found : undefined;
}

function bytesOf(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten;
}

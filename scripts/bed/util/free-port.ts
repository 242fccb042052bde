// A port for a process that cannot say which one it chose.

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Resolves with a port that nothing uses now on 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address: AddressInfo | string | null = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('Expected a port, got none.');
  return address.port;
}

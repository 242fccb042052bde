// The kubelet's health endpoint, over plain HTTP on this node.

import { request } from 'node:http';
import type { Health } from '../node/ports.ts';

/** Asks with a connection of its own each time: the old kubelet must not answer on a kept one. */
export const kubeletHealth: Health = {
  ok: (address, port, timeoutMs) =>
    new Promise((resolve) => {
      const asked = request(
        { host: address, port, path: '/healthz', agent: false, timeout: timeoutMs },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode === 200));
          response.once('error', () => resolve(false));
        },
      );
      asked.once('timeout', () => asked.destroy());
      asked.once('error', () => resolve(false));
      asked.end();
    }),
};

// The list of all Nodes as the server sends it.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Readable } from 'node:stream';
import { administrator } from '../../bed/control-plane/api.ts';

/** Resolves with the body, which must be read. */
export async function listOfNodes(server: string, folder: string): Promise<Readable> {
  const asked = request(`${server}/api/v1/nodes`, { ...(await administrator(folder)), agent: false });
  asked.end();
  const [response]: IncomingMessage[] = await once(asked, 'response');
  if (response?.statusCode !== 200) throw new Error(`Expected a list of Nodes, got ${response?.statusCode}.`);
  return response;
}

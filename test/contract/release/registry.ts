// A registry on loopback that serves the one image of an OCI layout, as the distribution specification has it.

import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

export interface Registry extends AsyncDisposable {
  /** Such as 127.0.0.1:5000. */
  readonly address: string;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Serves manifests and blobs by digest, under any name. */
export async function registryOf(layout: string): Promise<Registry> {
  const [{ digest: manifest }] = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')).manifests;
  const server = createServer((request, response) => {
    const { digest } =
      /\/(?:manifests|blobs)\/(?<digest>sha256:[\da-f]{64})$/u.exec(request.url ?? '')?.groups ?? {};
    if (digest === undefined) {
      response.writeHead(request.url === '/v2/' ? 200 : 404).end();
      return;
    }
    const file = join(layout, 'blobs', ...digest.split(':'));
    const send = async (): Promise<void> => {
      const { size } = await stat(file);
      const type = digest === manifest ? MANIFEST : 'application/octet-stream';
      response.writeHead(200, {
        'content-type': type,
        'content-length': size,
        'docker-content-digest': digest,
      });
      if (request.method === 'HEAD') response.end();
      else createReadStream(file).pipe(response);
    };
    send().catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('Expected a port, got none.');
  return {
    address: `127.0.0.1:${bound.port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

// A look at the bed's API server without starting a process for it: waiting asks many times.

import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { pkiFolder } from './pki.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5_000;

/** GET as the administrator; rejects when nobody answers within 5 s. */
export async function apiGet(bedFolder: string, server: string, path: string): Promise<Answer> {
  const pki = pkiFolder(bedFolder);
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(join(pki, file))),
  );
  return new Promise((resolve, reject) => {
    const asked = request(
      `${server}${path}`,
      { ca, cert, key, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    asked.on('timeout', () =>
      asked.destroy(new Error(`Expected ${server}${path} to answer within ${TIMEOUT_MS} ms.`)),
    );
    asked.on('error', reject);
    asked.end();
  });
}

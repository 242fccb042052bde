// Follows the certificate and the key in the folder of a mounted Secret.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentLog } from '../../../report/log.ts';
import { errorText } from '../../../text/error-text.ts';

/** PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Has tls.crt and tls.key, as a Secret of type kubernetes.io/tls. */
  readonly folder: string;
  /** Gets each new pair; throws when certificate and key do not belong together. */
  readonly use: (pair: KeyPair) => void;
  readonly log: Pick<AgentLog, 'warn'>;
  readonly everyMs?: number;
}

export interface FollowedCertificate {
  /** Resolves when the files were read for the first time, also when they could not be used. */
  readonly begun: Promise<void>;
  close(): void;
}

/** The kubelet itself takes up to two minutes to bring a changed Secret. */
const EVERY_MS = 10_000;

/** Reads the files every 10 s and passes them on when they have changed. What cannot be used is logged once; the last pair stays. */
export function followCertificate({
  folder,
  use,
  log,
  everyMs = EVERY_MS,
}: CertificateOptions): FollowedCertificate {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let used: KeyPair | undefined;
  let problem: string | undefined;

  async function check(): Promise<void> {
    try {
      const cert = await read('tls.crt');
      const key = await read('tls.key');
      if (!stop.signal.aborted && (cert !== used?.cert || key !== used.key)) {
        use({ cert, key });
        used = { cert, key };
      }
      problem = undefined;
    } catch (error) {
      const text = errorText(error);
      if (text !== problem) log.warn({ err: error, folder }, UNUSABLE);
      problem = text;
    }
    // A process does not live on for a timer of its metrics.
    if (!stop.signal.aborted) timer = setTimeout(() => void check(), everyMs).unref();
  }

  async function read(name: string): Promise<string> {
    const text = await readFile(join(folder, name), 'utf8');
    // TLS takes an empty key for none, and then every handshake fails.
    if (text.trim() === '') throw new Error(`Expected PEM in ${join(folder, name)}, got an empty file`);
    return text;
  }

  return {
    begun: check(),
    close() {
      stop.abort();
      clearTimeout(timer);
    },
  };
}

const UNUSABLE =
  'Expected tls.crt and tls.key of one certificate for /metrics, got something else. /metrics keeps the last certificate, and is not ' +
  'served without one; the rollout is not affected. Put both into the Secret.';

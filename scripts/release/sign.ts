// Signatures by cosign with a key, without any service: one over SHA256SUMS covers every file of a release.

import { join } from 'node:path';
import { COSIGN, goInstalled } from '../bed/build/go-install.ts';
import { run } from '../bed/build/run.ts';
import type { Log } from '../bed/util/progress.ts';
import { SUMS } from './files.ts';

/** The signature's file, a bundle of sigstore. It differs from run to run. */
const SIGNATURE = `${SUMS}.sigstore.json`;

/** Signs a release's SHA256SUMS; COSIGN_PASSWORD decrypts the key. Throws a ToolError with cosign's output. */
export async function signRelease(folder: string, key: string, log: Log): Promise<string> {
  const cosign = await goInstalled(COSIGN, log);
  const out = join(folder, SIGNATURE);
  const offline = ['--use-signing-config=false', '--tlog-upload=false', '--yes'];
  await run([cosign, 'sign-blob', '--key', key, '--bundle', out, ...offline, join(folder, SUMS)]);
  return SIGNATURE;
}

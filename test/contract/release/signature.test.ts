// The signature of a release, as cosign makes and verifies it; in the long form (KUBELET_SYSCTLS_CONTRACT=long).

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { COSIGN, goInstalled } from '../../../scripts/bed/build/go-install.ts';
import { environment, run } from '../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { sumsText } from '../../../scripts/release/checksums.ts';
import { SUMS } from '../../../scripts/release/files.ts';
import { signRelease } from '../../../scripts/release/sign.ts';

const IS_LONG = process.env['KUBELET_SYSCTLS_CONTRACT'] === 'long';
const WHY_NOT = IS_LONG ? whyNoGo() : 'only with KUBELET_SYSCTLS_CONTRACT=long: builds cosign';

describe.skipIf(WHY_NOT !== undefined)(`a signature (${WHY_NOT ?? `cosign ${COSIGN.version}`})`, () => {
  let root = '';
  let sums = '';
  let bundle = '';
  let cosign = '';

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'release-signature-'));
    cosign = await goInstalled(COSIGN, consoleLog());
    for (const name of ['own', 'other']) {
      const argv = [cosign, 'generate-key-pair', '--output-key-prefix', join(root, name)];
      await run(argv, {}, { ...environment(), COSIGN_PASSWORD: '' });
    }
    sums = join(root, SUMS);
    await writeFile(sums, sumsText([{ name: 'a', sha256: '0'.repeat(64) }]));
    process.env['COSIGN_PASSWORD'] = '';
    bundle = join(root, await signRelease(root, join(root, 'own.key'), consoleLog()));
  });
  afterAll(async () => {
    delete process.env['COSIGN_PASSWORD'];
    await rm(root, { recursive: true, force: true });
  });

  /** Returns cosign's exit code. */
  async function verify(file: string, key: string): Promise<number> {
    const signed = ['--key', join(root, key), '--bundle', bundle, '--insecure-ignore-tlog'];
    return (await run([cosign, 'verify-blob', ...signed, file], { reject: false })).exitCode;
  }

  it('is confirmed by the public key, and lies beside the checksums', async () => {
    expect(bundle).toBe(join(root, 'SHA256SUMS.sigstore.json'));
    expect(await verify(sums, 'own.pub')).toBe(0);
  });

  it('is not confirmed by another key, or for another file', async () => {
    expect(await verify(sums, 'other.pub')).not.toBe(0);
    const changed = join(root, 'changed');
    await writeFile(changed, sumsText([{ name: 'a', sha256: '1'.repeat(64) }]));
    expect(await verify(changed, 'own.pub')).not.toBe(0);
  });
});

import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { followCertificate, type KeyPair } from '../../../../agent/cli/daemon/guard/certificate.ts';
import { selfSigned } from '../../../cluster/certificate.ts';
import { eventually } from '../../../cluster/fault-server.ts';

interface Scene {
  readonly folder: string;
  readonly used: KeyPair[];
  readonly warnings: string[];
  readonly begun: Promise<void>;
  readonly close: () => void;
}

async function scene(first?: KeyPair): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  if (first !== undefined) await mount(folder, first);
  const used: KeyPair[] = [];
  const warnings: string[] = [];
  const followed = followCertificate({
    folder,
    use: (pair) => {
      createSecureContext(pair);
      used.push(pair);
    },
    log: { warn: (_facts, message) => warnings.push(message) },
    everyMs: 5,
  });
  onTestFinished(() => followed.close());
  return { folder, used, warnings, begun: followed.begun, close: () => followed.close() };
}

/** As the kubelet writes a Secret: the files are links into a folder behind a link, which one rename replaces. */
async function mount(folder: string, { cert, key }: KeyPair): Promise<void> {
  const version = `..${Math.random().toString(36).slice(2)}`;
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'tls.crt'), cert);
  await writeFile(join(folder, version, 'tls.key'), key);
  await symlink(version, join(folder, '..new'));
  await rename(join(folder, '..new'), join(folder, '..data'));
  for (const name of ['tls.crt', 'tls.key']) {
    await symlink(join('..data', name), join(folder, name)).catch(() => undefined);
  }
}

describe('followCertificate', () => {
  it('passes the pair on once, and the next one when the Secret has changed', async () => {
    const [first, second] = [selfSigned('first'), selfSigned('second')];
    const { folder, used, begun, warnings } = await scene(first);
    await begun;
    expect(used).toEqual([first]);
    await mount(folder, second);
    await eventually(() => expect(used).toEqual([first, second]));
    expect(warnings).toEqual([]);
  });

  it('waits for files that are not there yet, and says so once', async () => {
    const pair = selfSigned('late');
    const { folder, used, begun, warnings } = await scene();
    await begun;
    await new Promise((resolve) => void setTimeout(resolve, 50));
    expect(used).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('Expected tls.crt and tls.key')]);
    await mount(folder, pair);
    await eventually(() => expect(used).toEqual([pair]));
  });

  it.each<[string, Partial<KeyPair>]>([
    ['a key of another certificate', { key: selfSigned('other').key }],
    ['a certificate that is no PEM', { cert: 'no certificate' }],
    ['an empty key', { key: '' }],
  ])('keeps the last pair when the Secret has %s, and takes the next right one', async (_what, wrong) => {
    const [first, second] = [selfSigned('first'), selfSigned('second')];
    const { folder, used, begun, warnings } = await scene(first);
    await begun;
    await mount(folder, { ...second, ...wrong });
    await eventually(() => expect(warnings).toHaveLength(1));
    expect(used).toEqual([first]);
    await mount(folder, second);
    await eventually(() => expect(used).toEqual([first, second]));
  });

  it('reads nothing more when it is closed', async () => {
    const first = selfSigned('first');
    const { folder, used, begun, close } = await scene(first);
    await begun;
    close();
    await mount(folder, selfSigned('second'));
    await new Promise((resolve) => void setTimeout(resolve, 50));
    expect(used).toEqual([first]);
  });
});

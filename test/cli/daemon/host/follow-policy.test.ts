import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { followPolicy } from '../../../../agent/cli/daemon/host/follow-policy.ts';
import type { InUse } from '../../../../agent/cli/host-policy/in-use.ts';
import { systemClock } from '../../../../agent/host/clock.ts';
import type { ConfigMapObject } from '../../../../agent/policy/config-map.ts';
import { temporaryRoot } from '../../../host/temporary-root.ts';

const WITHIN = { timeout: 5000, interval: 20 };

function yaml(list: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-sysctls}\ndata:\n  allowedUnsafeSysctls: "${list}"\n`;
}

interface Following {
  readonly seen: ConfigMapObject[];
  lists(): readonly (string | undefined)[];
  /** Resolves when the last policy has this list. */
  until(list: string | undefined): Promise<void>;
}

function following(path: string, inUse?: InUse): Following {
  const seen: ConfigMapObject[] = [];
  const stop = followPolicy({
    path,
    inUse,
    clock: systemClock,
    onPolicy: (configMap) => seen.push(configMap),
    onPolling: (why) => expect.unreachable(why),
  });
  onTestFinished(stop);
  const lists = (): readonly (string | undefined)[] => seen.map(({ data }) => data['allowedUnsafeSysctls']);
  return {
    seen,
    lists,
    until: (list) => vi.waitFor(() => expect(lists().at(-1) ?? 'none yet').toBe(list ?? undefined), WITHIN),
  };
}

/** Writes a folder as the kubelet mounts a ConfigMap: `..data` leads to the keys of one version, and each key to `..data`. */
async function mount(folder: string, version: string, data: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, `..${version}`), { recursive: true });
  for (const [key, text] of Object.entries(data)) {
    await writeFile(join(folder, `..${version}`, key), text);
    await symlink(join('..data', key), join(folder, key)).catch(() => {});
  }
  await symlink(`..${version}`, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

describe('followPolicy', () => {
  it('reads a file, and reads it again after an editor has replaced it by a rename', async () => {
    const path = join(await temporaryRoot(), 'policy.yaml');
    await writeFile(path, yaml('net.core.somaxconn'));
    const policy = following(path);
    await policy.until('net.core.somaxconn');

    await writeFile(`${path}.swp`, yaml('kernel.sem'));
    await rename(`${path}.swp`, path);
    await policy.until('kernel.sem');

    await writeFile(`${path}.swp`, yaml('fs.mqueue.*'));
    await rename(`${path}.swp`, path);
    await policy.until('fs.mqueue.*');

    expect(policy.lists()).toEqual(['net.core.somaxconn', 'kernel.sem', 'fs.mqueue.*']);
  });

  it('takes none of the pieces of a file that is written slowly', async () => {
    const path = join(await temporaryRoot(), 'policy.yaml');
    await writeFile(path, yaml('net.core.somaxconn'));
    const policy = following(path);
    await policy.until('net.core.somaxconn');

    for (const list of ['kernel.sem', 'kernel.sem,kernel.shm', 'kernel.sem,kernel.shm*']) {
      await writeFile(path, yaml(list));
      await systemClock.sleep(60);
    }
    await policy.until('kernel.sem,kernel.shm*');

    expect(policy.lists()).toEqual(['net.core.somaxconn', 'kernel.sem,kernel.shm*']);
  });

  it('says nothing when the file was written with what it held', async () => {
    const path = join(await temporaryRoot(), 'policy.yaml');
    await writeFile(path, yaml('net.core.somaxconn'));
    const policy = following(path);
    await policy.until('net.core.somaxconn');

    await writeFile(path, `${yaml('net.core.somaxconn')}# a comment\n`);
    await systemClock.sleep(600);

    expect(policy.seen).toHaveLength(1);
  });

  it('reads a folder as a ConfigMap is mounted, and reads it again when ..data is swapped', async () => {
    const folder = join(await temporaryRoot(), 'policy');
    await mount(folder, '2026_1', { allowedUnsafeSysctls: 'net.core.somaxconn', paused: 'false' });
    const policy = following(folder);
    await policy.until('net.core.somaxconn');
    expect(policy.seen.at(-1)).toMatchObject({ data: { paused: 'false' } });

    await mount(folder, '2026_2', { allowedUnsafeSysctls: 'kernel.sem', paused: 'false' });
    await rm(join(folder, '..2026_1'), { recursive: true });
    await policy.until('kernel.sem');
  });

  it('follows the file behind a link', async () => {
    const root = await temporaryRoot();
    await writeFile(join(root, 'real.yaml'), yaml('net.core.somaxconn'));
    await symlink('real.yaml', join(root, 'policy.yaml'));
    const policy = following(join(root, 'policy.yaml'));
    await policy.until('net.core.somaxconn');

    await writeFile(join(root, 'real.yaml'), yaml('kernel.sem'));
    await policy.until('kernel.sem');

    expect(policy.seen).toHaveLength(2);
  });

  it('says that a file is missing, takes it when it comes, and says so when it is gone', async () => {
    const path = join(await temporaryRoot(), 'etc', 'policy.yaml');
    const policy = following(path);
    await vi.waitFor(() => expect(policy.seen.at(-1)?.unreadable?.message).toContain('no such file'), WITHIN);

    await mkdir(join(path, '..'));
    await writeFile(path, yaml('net.core.somaxconn'));
    await policy.until('net.core.somaxconn');
    expect(policy.seen.at(-1)).not.toHaveProperty('unreadable');

    await rm(path);
    await vi.waitFor(() => expect(policy.seen.at(-1)?.unreadable?.message).toContain('no such file'), WITHIN);
  });

  it('gives inUse as the option has it', async () => {
    const path = join(await temporaryRoot(), 'policy.yaml');
    await writeFile(path, yaml('net.core.somaxconn'));
    const policy = following(path, 'Proceed');
    await policy.until('net.core.somaxconn');

    expect(policy.seen.at(-1)?.data).toMatchObject({ inUse: 'Proceed' });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cached, cacheFolder, pruneCache } from '../../../../scripts/bed/build/cache.ts';
import { silent } from '../../../../scripts/bed/util/progress.ts';
import type { Log } from '../../../../scripts/bed/util/progress.ts';

type Make = (folder: string) => Promise<void>;

/** A second Node starts in it; on a busy machine that takes seconds. */
const SLOW_START = { timeout: 30_000 };

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cache-test-'));
  vi.stubEnv('KUBELET_SYSCTLS_CACHE', root);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

describe('cacheFolder', () => {
  it('is the folder of its own variable, else one in the XDG cache, else one in the home folder', () => {
    expect(cacheFolder()).toBe(root);
    vi.stubEnv('KUBELET_SYSCTLS_CACHE', '');
    vi.stubEnv('XDG_CACHE_HOME', '/xdg');
    expect(cacheFolder()).toBe('/xdg/kubelet-sysctl-agent');
    vi.stubEnv('XDG_CACHE_HOME', '');
    vi.stubEnv('HOME', '/home/user');
    expect(cacheFolder()).toBe('/home/user/.cache/kubelet-sysctl-agent');
  });
});

describe('cached', () => {
  it('makes a result once and reuses it', async () => {
    const make = vi.fn<Make>(writes('one'));
    const first = await cached('thing', ['input'], make, silent);
    const second = await cached('thing', ['input'], make, silent);
    expect(second).toBe(first);
    expect(make).toHaveBeenCalledTimes(1);
    expect(await readFile(join(first, 'file'), 'utf8')).toBe('one');
  });

  it('makes another result for other inputs, also when they only split differently', async () => {
    const folders = [
      await cached('thing', ['ab', 'c'], writes('1'), silent),
      await cached('thing', ['a', 'bc'], writes('2'), silent),
      await cached('thing', [new Uint8Array([97]), 'bc', ''], writes('3'), silent),
      await cached('other', ['ab', 'c'], writes('4'), silent),
    ];
    const contents = await Promise.all(folders.map((folder) => readFile(join(folder, 'file'), 'utf8')));
    expect(contents).toEqual(['1', '2', '3', '4']);
  });

  it('runs make for one of two concurrent callers, while the other logs that it waits', async () => {
    const said: string[] = [];
    const log: Log = { ...silent, say: (text) => said.push(text) };
    const make = vi.fn<Make>(async (folder) => {
      await vi.waitUntil(() => said.length > 0, 4_000);
      await writeFile(join(folder, 'file'), 'whole');
    });
    const [first, second] = await Promise.all([
      cached('thing', [], make, log),
      cached('thing', [], make, log),
    ]);
    expect(first).toBe(second);
    expect(make).toHaveBeenCalledTimes(1);
    expect(said).toEqual(['Another run is making thing; waiting for it.']);
  });

  it('rethrows the error of make, leaves no files, and makes the result at the next call', async () => {
    await expect(cached('thing', [], fails, silent)).rejects.toThrow('no space');
    expect(await entries('thing')).toEqual([]);
    const folder = await cached('thing', [], writes('whole'), silent);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it(
    'takes nothing that a killed process was making, is not held up by its lock, and clears it away',
    SLOW_START,
    async () => {
      const killed = spawn(process.execPath, ['--input-type=module', '-e', makesForEver()], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(killed.stdout, 'data');
      expect(await entries('thing')).toHaveLength(1);
      killed.kill('SIGKILL');
      await once(killed, 'close');

      const folder = await cached('thing', ['changed since'], writes('whole'), silent);
      expect(await readFile(join(folder, 'file'), 'utf8')).toBe('whole');
      expect(await entries('thing')).toHaveLength(1);
    },
  );
});

describe('pruneCache', () => {
  it('keeps the most recently used results', async () => {
    const [first, second, third] = [
      await cached('thing', ['1'], writes('1'), silent),
      await cached('thing', ['2'], writes('2'), silent),
      await cached('thing', ['3'], writes('3'), silent),
    ];
    await cached('thing', ['1'], writes('1'), silent);
    await pruneCache('thing', 2);
    const kept = await entries('thing');
    expect(kept.map((entry) => join(root, 'thing', entry)).toSorted()).toEqual([first, third].toSorted());
    expect(kept).not.toContain(second);
  });
});

async function fails(folder: string): Promise<void> {
  await writeFile(join(folder, 'half'), '');
  throw new Error('no space');
}

function writes(text: string): Make {
  return (folder) => writeFile(join(folder, 'file'), text);
}

/** Everything of one name but the lock, which stays. */
async function entries(name: string): Promise<string[]> {
  return (await readdir(join(root, name))).filter((entry) => entry !== 'lock');
}

function makesForEver(): string {
  const module = JSON.stringify(new URL('../../../../scripts/bed/build/cache.ts', import.meta.url).href);
  return `import { cached } from ${module};
    const log = { step: (title, work) => work(() => {}), say() {} };
    await cached('thing', [], async () => { console.log('begun'); await new Promise((r) => setTimeout(r, 60_000)); }, log);`;
}

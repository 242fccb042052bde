import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silent } from '../../../scripts/bed/util/progress.ts';
import { makeRelease } from '../../../scripts/release/release.ts';

it('a folder with files that are no release is not replaced', async () => {
  const out = await mkdtemp(join(tmpdir(), 'release-out-'));
  try {
    await writeFile(join(out, 'mine'), '');
    const source = { commit: 'a'.repeat(40), epoch: 0, isClean: true };
    const named = { repository: 'registry.example/a', url: 'https://releases.example' };
    const release = {
      ...named,
      checkout: '/nowhere',
      version: '1.2.3',
      source,
      hasCachedBase: true,
      hasImageSbom: false,
      out,
    };
    await expect(makeRelease(release, silent)).rejects.toThrow(`Expected ${out} to be a release`);
    expect(await readdir(out)).toEqual(['mine']);
  } finally {
    await rm(out, { recursive: true });
  }
});

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sourceOf, versionOf } from '../../../scripts/release/source.ts';

let checkout = '';

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'commit.gpgSign=false'];
  return execFileSync('git', ['-C', checkout, ...identity, ...args], {
    encoding: 'utf8',
    env: { ...process.env, GIT_COMMITTER_DATE: '1700000000 +0100' },
  }).trim();
}

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'release-source-'));
  await mkdir(join(checkout, 'daemonset', 'chart'), { recursive: true });
  await write('1.2.3', '1.2.3', '1.2.3');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'one');
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

async function write(version: string, chart: string, app: string): Promise<void> {
  await writeFile(join(checkout, 'package.json'), JSON.stringify({ version }));
  const text = `version: ${chart}\nappVersion: "${app}"\n`;
  await writeFile(join(checkout, 'daemonset', 'chart', 'Chart.yaml'), text);
}

describe('the source of a release', () => {
  it('is the commit that is checked out, with its time', async () => {
    const commit = git('rev-parse', 'HEAD');
    expect(await sourceOf(checkout)).toEqual({ commit, epoch: 1_700_000_000, isClean: true });
  });

  it('is not clean with a changed, an added or a staged file', async () => {
    await writeFile(join(checkout, 'added'), '');
    expect(await sourceOf(checkout)).toMatchObject({ isClean: false });
    git('add', '.');
    expect(await sourceOf(checkout)).toMatchObject({ isClean: false });
    git('commit', '--quiet', '--message', 'two');
    expect(await sourceOf(checkout)).toMatchObject({ isClean: true });
    await write('1.2.4', '1.2.4', '1.2.4');
    expect(await sourceOf(checkout)).toMatchObject({ isClean: false });
  });
});

describe('the version of a release', () => {
  it('is that of package.json and of both fields of the chart', async () => {
    expect(await versionOf(checkout)).toBe('1.2.3');
  });

  it.each([
    ['1.2.4', '1.2.3', 'version'],
    ['1.2.3', '1.2.4', 'appVersion'],
  ])('is none where the chart has version %s and appVersion %s', async (chart, app, field) => {
    await write('1.2.3', chart, app);
    await expect(versionOf(checkout)).rejects.toThrow(
      `Expected ${field} of daemonset/chart/Chart.yaml to be 1.2.3`,
    );
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigMapFileError, parseConfigMap, readConfigMapFile } from '../../agent/cli/config-map-file.ts';

const HEAD = 'apiVersion: v1\nkind: ConfigMap\n';

describe('parseConfigMap', () => {
  it('reads the data of a manifest, and ignores comments and other fields', () => {
    const text = `# ours\n---\n${HEAD}metadata:\n  name: kubelet-sysctls\ndata:\n  mode: Observe # change nothing\n  paused: "true"\n  allowedUnsafeSysctls: |\n    net.*\n    # end\n  empty:\n---\n`;
    expect(parseConfigMap(text, 'f')).toEqual({
      mode: 'Observe',
      paused: 'true',
      allowedUnsafeSysctls: 'net.*\n# end\n',
      empty: '',
    });
  });

  it('reads a ConfigMap in JSON', () => {
    const text = JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', data: { mode: 'Restore' } });
    expect(parseConfigMap(text, 'f')).toEqual({ mode: 'Restore' });
  });

  it.each(['', 'data:\n', 'data: {}\n', 'binaryData: {}\n'])(
    'finds no data in a ConfigMap with %j',
    (data) => {
      expect(parseConfigMap(HEAD + data, 'f')).toEqual({});
    },
  );

  it('keeps keys that every JavaScript object has, such as __proto__', () => {
    const data = parseConfigMap(`${HEAD}data:\n  __proto__: a\n  constructor: b\n`, 'f');
    expect(Object.entries(data)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it.each([
    ['an empty file', '', undefined, /empty file/u],
    ['comments alone', '# nothing\n', undefined, /empty file/u],
    ['a list', '- a\n', 1, /a list/u],
    ['text', 'hello\n', 1, /"hello"/u],
    ['broken YAML', `${HEAD}data: [\n`, 4, /./u],
    ['another kind', 'apiVersion: v1\nkind: Secret\n', 2, /kind to be ConfigMap, got "Secret"/u],
    ['no kind', 'apiVersion: v1\n', 1, /kind to be ConfigMap, got nothing/u],
    ['another version', 'apiVersion: v2\nkind: ConfigMap\n', 1, /apiVersion to be v1/u],
    ['several documents', `${HEAD}---\n${HEAD}`, 4, /several documents/u],
    [
      'a boolean',
      `${HEAD}data:\n  mode: Observe\n  paused: true\n`,
      5,
      /"paused" to be text, got the boolean true; put it in quotes: 'true'/u,
    ],
    ['a word that kubectl reads as a boolean', `${HEAD}data:\n  paused: yes\n`, 4, /quotes: 'yes'/u],
    ['a number', `${HEAD}data:\n  canary: 1\n`, 4, /quotes: '1'/u],
    [
      'profiles as YAML and not as text',
      `${HEAD}data:\n  profiles:\n    - name: a\n`,
      5,
      /text, got a list/u,
    ],
    ['a key twice', `${HEAD}data:\n  mode: Observe\n  mode: Enforce\n`, 5, /"mode" twice/u],
    ['data that is a list', `${HEAD}data: [a]\n`, 3, /a map, got a list/u],
    ['binary data', `${HEAD}binaryData:\n  mode: eA==\n`, 4, /binaryData/u],
    ['an alias', `${HEAD}data:\n  mode: &m Observe\n  inUse: *m\n`, 5, /alias/u],
  ])('refuses %s, and names the line', (_, text, line, message) => {
    const error = errorOf(() => parseConfigMap(text, 'the file'));
    expect(error).toBeInstanceOf(ConfigMapFileError);
    expect(error).toMatchObject({ path: 'the file', line, message: expect.stringMatching(message) });
  });
});

describe('readConfigMapFile', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-map-'));
    await writeFile(join(folder, 'good.yaml'), `${HEAD}data: {mode: Observe}\n`);
    await writeFile(join(folder, 'latin1.yaml'), Buffer.from('# \xe9\n', 'latin1'));
    await writeFile(join(folder, 'large.yaml'), '#'.repeat(5 * 1024 * 1024));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads the data of a ConfigMap file', async () => {
    await expect(readConfigMapFile(join(folder, 'good.yaml'))).resolves.toEqual({ mode: 'Observe' });
  });

  it.each([
    ['missing.yaml', /ENOENT/u],
    ['.', /EISDIR/u],
    ['latin1.yaml', /UTF-8/u],
    ['large.yaml', /5242880 bytes/u],
  ])('says why it cannot read %s', async (name, message) => {
    const reading = readConfigMapFile(join(folder, name));
    await expect(reading).rejects.toBeInstanceOf(ConfigMapFileError);
    await expect(reading).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });
});

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

import { describe, expect, it } from 'vitest';
import { ConfigError, readKubeletConfig, type ConfigSources } from '../../agent/kubelet/config.ts';

const KIND = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

/** Drop-ins get the apiVersion and kind that the kubelet requires. */
function sources(config: string | undefined, dropIns: Readonly<Record<string, string>> = {}): ConfigSources {
  return {
    config: config === undefined ? undefined : { path: '/c/config.yaml', content: Buffer.from(config) },
    dropIns: Object.entries(dropIns).map(([path, text]) => ({ path, content: Buffer.from(KIND + text) })),
  };
}

const list = (config: string | undefined, dropIns?: Readonly<Record<string, string>>): readonly string[] =>
  readKubeletConfig(sources(config, dropIns)).allowedUnsafeSysctls;

describe('the list', () => {
  it.each([
    ['kind: KubeletConfiguration\n', []],
    ['allowedUnsafeSysctls:\n- kernel.sem\n- "net.*"\n', ['kernel.sem', 'net.*']],
    ['{"kind": "KubeletConfiguration", "allowedUnsafeSysctls": ["kernel.sem"]}', ['kernel.sem']],
    ['{\n\t"allowedUnsafeSysctls": [\n\t\t"kernel.sem"\n\t]\n}', ['kernel.sem']],
    ['allowedUnsafeSysctls: null\n', []],
    ['# c\n---\nallowedUnsafeSysctls: [a]\n---\nallowedUnsafeSysctls: [b]\n', ['a']],
  ])('of the config file %j is %j', (text, expected) => {
    expect(list(text)).toEqual(expected);
  });

  it('is replaced as a whole by the last drop-in that sets it, in any order of the input', () => {
    const dropIns = { '/d/20.conf': 'allowedUnsafeSysctls: [c]', '/d/10.conf': 'allowedUnsafeSysctls: [b]' };
    expect(list('allowedUnsafeSysctls: [a]', dropIns)).toEqual(['c']);
    expect(readKubeletConfig(sources('a: 1', dropIns)).allowedUnsafeSysctlsFrom).toBe('drop-in /d/20.conf');
  });

  it('comes from the last drop-in in the order of WalkDir, where a folder sorts among the files by its name', () => {
    const dropIns = {
      '/d/a.conf': 'allowedUnsafeSysctls: [file]',
      '/d/a/z.conf': 'allowedUnsafeSysctls: [folder]',
    };
    expect(list(undefined, dropIns)).toEqual(['file']);
  });

  it('is emptied by an empty list and by null, and unchanged by a drop-in without the key', () => {
    expect(list('allowedUnsafeSysctls: [a]', { '/d/1.conf': 'allowedUnsafeSysctls: []' })).toEqual([]);
    expect(list('allowedUnsafeSysctls: [a]', { '/d/1.conf': 'allowedUnsafeSysctls: null' })).toEqual([]);
    expect(list('allowedUnsafeSysctls: [a]', { '/d/1.conf': 'maxPods: 1' })).toEqual(['a']);
  });

  it('is not read from files with another extension', () => {
    expect(list('allowedUnsafeSysctls: [a]', { '/d/1.yaml': 'allowedUnsafeSysctls: [b]' })).toEqual(['a']);
  });
});

describe('a config file', () => {
  it('is parsed once, however often it is read', () => {
    let reads = 0;
    const config = {
      path: '/c/config.yaml',
      get content(): Uint8Array {
        reads += 1;
        return Buffer.from('allowedUnsafeSysctls: [a]');
      },
    };
    const dropIns = sources(undefined, { '/d/1.conf': 'allowedUnsafeSysctls: [b]' }).dropIns;

    expect(readKubeletConfig({ config, dropIns: [] }).allowedUnsafeSysctls).toEqual(['a']);
    expect(readKubeletConfig({ config, dropIns }).allowedUnsafeSysctls).toEqual(['b']);
    expect(readKubeletConfig({ config, dropIns: [] }).allowedUnsafeSysctls).toEqual(['a']);
    expect(reads).toBe(1);
  });
});

describe('the health endpoint', () => {
  it('comes from the last file that sets it', () => {
    const read = readKubeletConfig(
      sources('healthzPort: 1\nhealthzBindAddress: 0.0.0.0', { '/d/1.conf': 'healthzPort: 0' }),
    );
    expect(read).toMatchObject({ healthzPort: 0, healthzBindAddress: '0.0.0.0' });
  });
});

describe('a config file that the kubelet cannot read', () => {
  it.each([
    ['kind: x\nallowedUnsafeSysctls: net.*\n', 2],
    ['kind: x\nallowedUnsafeSysctls:\n- 1\n', 3],
    ['a: 1\nb: [\n', 3],
    ['- a\n', 1],
    ['', undefined],
    ['a: 1\nhealthzPort: "1"\n', 2],
    ['kind: KubeletConfiguration\n', undefined],
    ['apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfig\n', undefined],
    ['apiVersion: kubelet.config.k8s.io/v1\nkind: KubeletConfiguration\n', undefined],
  ])('is refused with the line of the fault: %j', (text, line) => {
    const refusal = (): unknown => {
      try {
        return readKubeletConfig({
          config: undefined,
          dropIns: [{ path: '/d/1.conf', content: Buffer.from(text) }],
        });
      } catch (error) {
        return error;
      }
    };
    expect(refusal()).toBeInstanceOf(ConfigError);
    expect(refusal()).toMatchObject({ path: '/d/1.conf', line });
  });
});

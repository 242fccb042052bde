import { describe, expect, it } from 'vitest';
import {
  ALL_KINDS,
  KIND_PATHS,
  KINDS,
  NEW_TARGET_KINDS,
  TAKEN_KINDS,
} from '../../../../scripts/bed/kinds/kinds.ts';

const NODE = {
  name: 'n7',
  address: '192.0.2.7',
  kubeconfig: 'kind: Config\n',
  config: 'kind: KubeletConfiguration\nfailSwapOn: false\n',
};

describe('a node kind', () => {
  it('has a title of its own', () => {
    expect(new Set(ALL_KINDS.map(({ title }) => title)).size).toBe(ALL_KINDS.length);
  });

  it.each(ALL_KINDS)('brings the file of its unit: $title', (kind) => {
    const units = Object.keys(kind.files(NODE)).filter((path) => path.endsWith(`/${kind.unit}`));
    expect(units).toHaveLength(1);
  });

  it.each(TAKEN_KINDS)('has a unit that takes the words of its target: $title', (kind) => {
    const { target } = kind;
    const units = Object.entries(kind.files(NODE)).filter(([path]) => path.includes('/systemd/system/'));
    const text = units.map(([, { content }]) => content).join('\n');
    if (target.kind === 'variable') {
      expect(text).toMatch(new RegExp(`\\s[$]${target.name}\\b`, 'u'));
      expect(text).toMatch(new RegExp(`^EnvironmentFile=-?${target.path}$`, 'mu'));
    } else {
      const all = Object.values(kind.files(NODE)).map(({ content }) => content);
      const folder = target.path.slice(0, target.path.lastIndexOf('/'));
      expect(all.join('\n')).toContain(`--config-dir=${folder}`);
    }
  });

  it('is put back by the paths of all kinds, without the kubelet of the bed', () => {
    for (const kind of ALL_KINDS)
      expect(KIND_PATHS).toEqual(expect.arrayContaining(Object.keys(kind.files(NODE))));
    expect(KIND_PATHS).not.toContain('/usr/bin/kubelet');
  });

  it('has the modes of its vendor', () => {
    expect(KINDS.AKS.files(NODE)['/etc/default/kubelet']?.mode).toBe(0o600);
    expect(KINDS.KUBESPRAY.files(NODE)['/etc/kubernetes/kubelet.env']?.mode).toBe(0o600);
  });

  it('with config as JSON has the same keys as the YAML of the bed', () => {
    const config = KINDS.AL2023.files(NODE)['/etc/kubernetes/kubelet/config.json']?.content ?? '';
    expect(JSON.parse(config)).toEqual({ kind: 'KubeletConfiguration', failSwapOn: false });
  });
});

it('kinds with a target other than KUBELET_EXTRA_ARGS are those that the long form tries', () => {
  expect(NEW_TARGET_KINDS.map(({ title }) => title)).toEqual([
    'EKS AL2023 with config-dir',
    'kubespray',
    'AKS',
    'OpenShift',
  ]);
});

import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ALL_KINDS,
  KIND_PATHS,
  KINDS,
  NEW_TARGET_KINDS,
  TAKEN_KINDS,
  type TakenKind,
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
    const text = Object.values(kind.files(NODE))
      .map(({ content }) => content.replaceAll('=-/', '=/'))
      .join('\n');
    for (const words of wordsOf(kind)) expect(text).toContain(words);
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

/** What the files of a kind must contain for its target to be read. */
function wordsOf({ target }: TakenKind): readonly string[] {
  return target.kind === 'variable'
    ? [`$${target.name}`, `EnvironmentFile=${target.path}\n`]
    : [`--config-dir=${dirname(target.path)}`];
}

import { expect, it } from 'vitest';
import { NEWEST_KUBELET, parseVersion } from '../../../../agent/sysctl/version.ts';
import { DEFAULT_KUBERNETES_VERSION, KUBELET_VERSIONS } from '../../../../scripts/bed/build/kubernetes.ts';

it('the kubelets that are tested are one of each minor version, up to the newest whose rules were read', () => {
  const minors = KUBELET_VERSIONS.map((version) => parseVersion(version)?.minor);
  const oldest = minors[0] ?? 0;
  expect(minors).toEqual(Array.from({ length: minors.length }, (_, index) => oldest + index));
  expect(minors.at(-1)).toBe(NEWEST_KUBELET.minor);
  expect(KUBELET_VERSIONS.at(-1)).toBe(DEFAULT_KUBERNETES_VERSION);
});

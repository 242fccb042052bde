import { describe, expect, it } from 'vitest';
import { goModRequiring, versionFlags } from '../../../../scripts/bed/build/go-mod.ts';

const UPSTREAM = `module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require (
\tgithub.com/spf13/pflag v1.0.9
\tk8s.io/api v0.0.0
)

replace (
\tk8s.io/api => ./staging/src/k8s.io/api
\tk8s.io/cri-client => ./staging/src/k8s.io/cri-client
)

replace k8s.io/metrics => ./staging/src/k8s.io/metrics
replace example.org/fork => example.org/other v1.2.3
`;

describe('goModRequiring', () => {
  it('has the Go version of upstream and, for each staging module, the version published with it', () => {
    expect(goModRequiring('1.37.2', UPSTREAM).split('\n')).toEqual([
      'module bed',
      'go 1.26.0',
      'require k8s.io/kubernetes v1.37.2',
      'replace (',
      '\tk8s.io/api => k8s.io/api v0.37.2',
      '\tk8s.io/cri-client => k8s.io/cri-client v0.37.2',
      '\tk8s.io/metrics => k8s.io/metrics v0.37.2',
      ')',
      '',
    ]);
  });

  it('uses the previous tag of a type-only module whose own tag is missing', () => {
    const upstream = `${UPSTREAM}replace k8s.io/kube-scheduler => ./staging/src/k8s.io/kube-scheduler\n`;
    const lines = goModRequiring('1.31.14', upstream).split('\n');
    expect(lines).toContain('\tk8s.io/kube-scheduler => k8s.io/kube-scheduler v0.31.13');
    expect(lines).toContain('\tk8s.io/api => k8s.io/api v0.31.14');
  });
});

describe('versionFlags', () => {
  it('stamps the whole version, its major and its minor', () => {
    expect(versionFlags('1.30.14')).toBe(
      '-s -w -X k8s.io/component-base/version.gitVersion=v1.30.14' +
        ' -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=30',
    );
  });
});

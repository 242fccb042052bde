// How a module of ours gets to build parts of k8s.io/kubernetes, which is not meant to be required by others.

/**
 * Modules of types alone whose own tag some module proxies do not have, and the tag before it that they do: version of Kubernetes →
 * module → version.
 */
const STAND_INS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '1.31.14': { 'k8s.io/kube-scheduler': 'v0.31.13' },
};

/**
 * A go.mod that requires one version of k8s.io/kubernetes, such as '1.37.2', given that version's own go.mod. That one names its
 * staging modules by folders of its repository, so each gets the version that was published beside it (v1.37.2 → v0.37.2), or
 * its stand-in.
 */
export function goModRequiring(version: string, upstream: string): string {
  const published = version.replace(/^1\./, 'v0.');
  const staged = [...upstream.matchAll(/^\s*(?:replace\s+)?(k8s\.io\/\S+) => \.\/staging\//gm)].map(
    ([, name = '']) => `${name} => ${name} ${STAND_INS[version]?.[name] ?? published}`,
  );
  const lines = [
    'module bed',
    /^go .*$/m.exec(upstream)?.[0] ?? '',
    `require k8s.io/kubernetes v${version}`,
    'replace (',
    ...staged.map((line) => `\t${line}`),
    ')',
  ];
  return `${lines.join('\n')}\n`;
}

/** Linker flags that stamp the version as the project's own build does (hack/lib/version.sh): what `--version` and the API answer. */
export function versionFlags(version: string): string {
  const [major = '', minor = ''] = version.split('.');
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(stamps).map(
    ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
  );
  return ['-s -w', ...flags].join(' ');
}

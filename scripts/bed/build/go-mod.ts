// A go.mod with which our modules build parts of k8s.io/kubernetes, which does not support being imported.

/**
 * Type-only modules whose tag is missing on some module proxies, with the previous tag, which is there: version of Kubernetes →
 * module → version.
 */
const STAND_INS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '1.31.14': { 'k8s.io/kube-scheduler': 'v0.31.13' },
};

/**
 * Returns a go.mod that requires one version of k8s.io/kubernetes, such as '1.37.2', given that version's own go.mod. Upstream
 * refers to its staging modules by folder, so each is replaced by the version published with it (v1.37.2 → v0.37.2), or by
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

/** Returns linker flags that set the version shown by `--version` and the API, as upstream's build does (hack/lib/version.sh). */
export function versionFlags(version: string): string {
  const [major = '', minor = ''] = version.split('.');
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(stamps).map(
    ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
  );
  return ['-s -w', ...flags].join(' ');
}

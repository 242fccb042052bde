// The names of a release's files.

export const SUMS = 'SHA256SUMS';

export interface FileNames {
  readonly image: string;
  readonly installYaml: string;
  readonly installYamlBefore130: string;
  readonly chart: string;
  readonly plugin: string;
  /** krew expects the plugin's name. */
  readonly krewManifest: string;
  readonly selinuxModule: string;
  readonly agentSbom: string;
  readonly pluginSbom: string;
  readonly imageSbom: string;
  readonly provenance: string;
  readonly sums: string;
}

/** Returns the names for a version. */
export function fileNames(version: string): FileNames {
  return {
    image: `kubelet-sysctl-agent-image-${version}-linux-${ARCHITECTURES[process.arch] ?? process.arch}.tar`,
    installYaml: 'install.yaml',
    installYamlBefore130: 'install-before-1.30.yaml',
    chart: `kubelet-sysctl-agent-${version}.tgz`,
    plugin: `kubectl-sysctls-${version}.tar.gz`,
    krewManifest: 'sysctls.yaml',
    selinuxModule: 'kubelet-sysctl-agent.cil',
    agentSbom: `kubelet-sysctls-${version}.cdx.json`,
    pluginSbom: `kubectl-sysctls-${version}.cdx.json`,
    imageSbom: `kubelet-sysctl-agent-image-${version}.cdx.json`,
    provenance: 'provenance.json',
    sums: SUMS,
  };
}

/** Go's names, which images have. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };

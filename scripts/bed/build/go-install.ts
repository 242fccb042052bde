// Go commands that others publish as modules: built once per version, through the Go module proxy.

import { join } from 'node:path';
import { workFolder } from '../util/work-folder.ts';
import type { Log } from '../util/progress.ts';
import { cached } from './cache.ts';
import { findGo, goEnvironment } from './go.ts';
import { tool } from './tool.ts';

/** Part of every cache key: change it when the recipe below changes. */
const RECIPE = 'go install 1';
const INSTALL = ['install', '-v', '-trimpath', '-ldflags', '-s -w'];

export interface GoCommand {
  /** The last element of the package's path. */
  readonly name: string;
  readonly package: string;
  /** With its `v`. */
  readonly version: string;
}

export const HELM_3: GoCommand = { name: 'helm', package: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' };
export const HELM_4: GoCommand = { name: 'helm', package: 'helm.sh/helm/v4/cmd/helm', version: 'v4.3.2' };
/** Writes a chart's README.md from the comments of its values.yaml. */
export const HELM_DOCS: GoCommand = {
  name: 'helm-docs',
  package: 'github.com/norwoodj/helm-docs/cmd/helm-docs',
  version: 'v1.14.2',
};

/** Installs kubectl's plugins; `validate-krew-manifest` is what its index runs on a manifest. */
const KREW_VERSION = 'v0.4.3';
export const KREW: GoCommand = { name: 'krew', package: 'sigs.k8s.io/krew/cmd/krew', version: KREW_VERSION };
export const KREW_VALIDATOR: GoCommand = {
  name: 'validate-krew-manifest',
  package: 'sigs.k8s.io/krew/cmd/validate-krew-manifest',
  version: KREW_VERSION,
};
/** Lists the packages in an image. */
export const SYFT: GoCommand = {
  name: 'syft',
  package: 'github.com/anchore/syft/cmd/syft',
  version: 'v1.57.1',
};
export const COSIGN: GoCommand = {
  name: 'cosign',
  package: 'github.com/sigstore/cosign/v3/cmd/cosign',
  version: 'v3.1.3',
};

/** Returns the path of the command; the first build takes a minute or two. Throws a GoMissingError without Go. */
export async function goInstalled(command: GoCommand, log: Log): Promise<string> {
  const folder = await cached(
    `${command.name}-${command.version.slice(1)}`,
    [RECIPE, process.arch, command.package, command.version],
    async (out, note) => {
      await using work = await workFolder(out);
      let steps = 0;
      await tool([findGo(), ...INSTALL, `${command.package}@${command.version}`], {
        // Without -mod=mod: `go install PACKAGE@VERSION` uses the go.mod of that version.
        env: { ...goEnvironment(), GOFLAGS: '-buildvcs=false', GOBIN: out, GOTMPDIR: work.path },
        endsWithUs: 'alone',
        onLine: () => {
          steps += 1;
          note(`${steps} modules fetched or packages compiled`);
        },
      });
    },
    log,
  );
  return join(folder, command.name);
}

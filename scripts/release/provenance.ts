// How a release was made: an in-toto statement with a SLSA provenance. It says what it is made from, and no time of the build.

import type { BundledPackage } from '../bundle/packages.ts';
import type { Checksum } from './checksums.ts';
import { sha512Of } from './sbom.ts';
import type { Source } from './source.ts';

export interface Provenance {
  readonly version: string;
  readonly source: Source;
  /** What the command was told, by the name of its option. */
  readonly options: Readonly<Record<string, string>>;
  /** The reference of the image's base with its digest; undefined: made by this checkout, of Debian's packages. */
  readonly base: string | undefined;
  /** The files that it is about. */
  readonly files: readonly Checksum[];
  readonly packages: readonly BundledPackage[];
  /** Versions of the tools that shape the bytes. */
  readonly tools: Readonly<Record<string, string>>;
}

/** Describes the fields of externalParameters and internalParameters: docs/how-to/release.md. */
const BUILD_TYPE = 'urn:kubelet-sysctl-agent:release:1';
/** The command itself: another builder, such as a hosting service, signs a statement of its own. */
const BUILDER = 'urn:kubelet-sysctl-agent:npm-run-release';

/** Returns the JSON text. */
export function provenanceText(provenance: Provenance): string {
  const { version, source, options, files, tools } = provenance;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { version, ...options },
        internalParameters: { tools },
        resolvedDependencies: dependenciesOf(provenance),
      },
      runDetails: { builder: { id: BUILDER }, metadata: { invocationId: `${version}-${source.commit}` } },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}

function dependenciesOf({ source, base, packages }: Provenance): readonly unknown[] {
  const [name = '', digest = ''] = base?.split('@sha256:') ?? [];
  const seen = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return [
    { name: 'source', digest: { gitCommit: source.commit } },
    ...(base === undefined
      ? []
      : [{ name: 'base image', uri: `docker://${name}`, digest: { sha256: digest } }]),
    ...[...seen.values()].map(({ name: packageName, version, integrity }) => ({
      uri: `pkg:npm/${packageName.replace('@', '%40')}@${version}`,
      digest: { sha512: sha512Of(integrity) },
    })),
  ];
}

// The command line of npm run release.

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface ReleaseOptions {
  readonly version: string;
  readonly repository: string;
  /** Without a slash at the end. */
  readonly url: string;
  readonly base: string | undefined;
  readonly key: string | undefined;
  readonly out: string;
}

/** Where nothing is said about a registry and a download folder; `.example` is no domain that anyone can have. */
export const PLACEHOLDERS = {
  repository: 'registry.example/kubelet-sysctl-agent',
  url: 'https://releases.example/kubelet-sysctl-agent',
} as const;

/** A registry has a dot or a port, or is localhost; without one, tools take the name for one of Docker Hub's. */
const REPOSITORY = String.raw`(?:[a-z\d-]+(?:\.[a-z\d-]+)+(?::\d+)?|[a-z\d-]+:\d+|localhost)(?:/[a-z\d]+(?:[._-]+[a-z\d]+)*)+`;
const IS_REPOSITORY = new RegExp(`^${REPOSITORY}$`, 'u');
const IS_BASE = new RegExp(String.raw`^${REPOSITORY}(?::[\w.-]+)?@sha256:[\da-f]{64}$`, 'u');

/** Returns the options; undefined: help is wanted. Throws for wrong usage. */
export function releaseOptions(args: string[], checkout: string): ReleaseOptions | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      repository: { type: 'string', default: PLACEHOLDERS.repository },
      url: { type: 'string' },
      base: { type: 'string' },
      key: { type: 'string' },
      out: { type: 'string', default: join(checkout, 'dist', 'release') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const [version, ...others] = positionals;
  if (version === undefined || others.length > 0) {
    throw new Error(`Expected one version, got ${positionals.join(' ') || 'none'}`);
  }
  const { repository, url = `${PLACEHOLDERS.url}/${version}`, base, key, out } = values;
  if (!IS_REPOSITORY.test(repository)) {
    throw new Error(`Expected --repository to be a registry and a name without a tag, got ${repository}`);
  }
  if (!URL.canParse(url)) throw new Error(`Expected --url to be a URL, got ${url}`);
  if (base !== undefined && !IS_BASE.test(base)) {
    throw new Error(
      `Expected --base to be a reference with its registry and digest, such as docker.io/library/node:26-slim@sha256:…, got ${base}`,
    );
  }
  return { version, repository, url: url.replace(/\/+$/u, ''), base, key, out: resolve(out) };
}

// npm run release -- VERSION: everything that people install, in dist/release/.

import { join } from 'node:path';
import { errorText } from '../agent/text/error-text.ts';
import { ensureHostPackages, whyNoBed } from './bed/build/host-packages.ts';
import { consoleLog, type Log } from './bed/util/progress.ts';
import { commandOf, runCommand } from './entry/command.ts';
import { PLACEHOLDERS, releaseOptions, type ReleaseOptions } from './release/options.ts';
import { makeRelease } from './release/release.ts';
import { signRelease } from './release/sign.ts';
import { type Source, sourceOf, versionOf } from './release/source.ts';

const CHECKOUT = join(import.meta.dirname, '..');

const HELP = `Usage: npm run release -- VERSION [--repository NAME] [--url URL] [--base REFERENCE] [--key FILE] [--out DIR]

Makes a release of the commit that is checked out: image, manifests, chart, plugin, bills of materials, provenance and checksums.
VERSION is that of package.json. The same commit and options give the same bytes, with the same packages in the base.

Options:
  --repository NAME   the image's name in your registry, without a tag (${PLACEHOLDERS.repository})
  --url URL           where people download the files of this version (${PLACEHOLDERS.url}/VERSION)
  --base REFERENCE    the image's base by digest, such as docker.io/library/node:26-slim@sha256:…; without it, it is made
                      here of what Debian has now and the Node of package.json
  --key FILE          cosign's private key, with which SHA256SUMS is signed; COSIGN_PASSWORD decrypts it
  --out DIR           the folder that is made or replaced (dist/release)
  -h, --help          show this help

Needs Debian, root and Go, and builds its tools on first use.

Exit codes: 0 made, 1 not made, 2 wrong usage.
`;

process.exitCode = await runCommand(
  commandOf(() => releaseOptions(process.argv.slice(2), CHECKOUT)),
  HELP,
  async (options) => {
    const log = consoleLog();
    try {
      await release(options, log);
      return 0;
    } catch (error) {
      log.say(errorText(error));
      return 1;
    }
  },
);

async function release({ key, ...options }: ReleaseOptions, log: Log): Promise<void> {
  const why = whyNoBed();
  if (why !== undefined) throw new Error(why);
  await ensureHostPackages(log);
  const source = await cleanSource(options.version);
  const { reference } = await makeRelease(
    { ...options, source, checkout: CHECKOUT, hasCachedBase: false, hasImageSbom: true },
    log,
  );
  if (key !== undefined) log.say(`Signed: ${await signRelease(options.out, key, log)}`);
  log.say(`Made: ${options.out}`);
  log.say(`The manifests and the chart name the image ${reference}. Push it there: docs/how-to/release.md`);
}

/** A release says from which commit it is: what is in it must be in that commit. */
async function cleanSource(version: string): Promise<Source> {
  const own = await versionOf(CHECKOUT);
  if (own !== version) {
    throw new Error(
      `Expected the version of package.json, ${own}, got ${version}. Nothing was made. Commit the new version first: package.json, ` +
        'package-lock.json, daemonset/.',
    );
  }
  const source = await sourceOf(CHECKOUT);
  if (!source.isClean) {
    throw new Error(
      'Expected a checkout without changes, got some (git status). Nothing was made. Commit them, or clone the checkout.',
    );
  }
  return source;
}

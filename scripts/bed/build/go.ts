// Builds Go programs that are, or import, parts of Kubernetes: once per version, through the Go module proxy.

import { execFileSync } from 'node:child_process';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { goModRequiring, versionFlags } from './go-mod.ts';
import type { Log } from '../util/progress.ts';
import { tool } from './tool.ts';
import { workFolder } from '../util/work-folder.ts';

/** The first Go that downloads the newer toolchain that a go.mod requires. */
const OLDEST_GO = { major: 1, minor: 21 };
/** Where Go's archive, snap and Debian install it; sudo's PATH has none of these folders. */
const GO_PLACES = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go', '/snap/bin/go'];
/** Part of every cache key: change it when the recipe below changes. */
const RECIPE = 'go 1';

/** Go programs cannot be built here; the message has the reason and the fix. */
export class GoMissingError extends Error {
  constructor(found: string) {
    super(
      `Expected Go ${OLDEST_GO.major}.${OLDEST_GO.minor} or later on the PATH or in /usr/local/go, got ${found}. ` +
        'Install Go (https://go.dev/doc/install, or the golang-go package where it is new enough) and run this again.',
    );
    this.name = 'GoMissingError';
  }
}

/** Returns the Go command to use; throws a GoMissingError when there is none. */
export function findGo(): string {
  let newest = 'none';
  for (const place of GO_PLACES) {
    const found = goVersion(place);
    if (found === undefined) continue;
    const [major = 0, minor = 0] = found.split('.').map(Number);
    if (major > OLDEST_GO.major || (major === OLDEST_GO.major && minor >= OLDEST_GO.minor)) return place;
    newest = found;
  }
  throw new GoMissingError(newest);
}

/** Returns why Go programs cannot be built here, for a skipped test; undefined when they can. */
export function whyNoGo(): string | undefined {
  try {
    findGo();
    return undefined;
  } catch (error) {
    if (error instanceof GoMissingError) return error.message;
    throw error;
  }
}

/** Builds the program of the .go files in a folder against one version of the Kubernetes modules; returns its path. */
export async function goProgram(
  program: { readonly name: string; readonly folder: string; readonly kubernetesVersion: string },
  log: Log,
): Promise<string> {
  const files = (await readdir(program.folder)).filter((file) => file.endsWith('.go')).toSorted();
  const contents = await Promise.all(files.map((file) => readFile(join(program.folder, file))));
  const inputs = [RECIPE, process.arch, program.kubernetesVersion, ...files, ...contents];
  const folder = await cached(
    `${program.name}-${program.kubernetesVersion}`,
    inputs,
    async (out, note) => {
      await using work = await workFolder(out);
      await writeModule(work.path, program.kubernetesVersion);
      await Promise.all(files.map((file) => copyFile(join(program.folder, file), join(work.path, file))));
      await build({ folder: work.path, target: '.', out: join(out, program.name), ldflags: '-s -w' }, note);
    },
    log,
  );
  return join(folder, program.name);
}

/** Builds one command of k8s.io/kubernetes with its version stamped in, as in upstream's releases; returns its path. */
export async function goKubernetesCommand(command: string, version: string, log: Log): Promise<string> {
  const folder = await cached(
    `${command}-${version}`,
    [RECIPE, process.arch, command, version],
    async (out, note) => {
      const target = `k8s.io/kubernetes/cmd/${command}`;
      await using work = await workFolder(out);
      await writeModule(work.path, version);
      await writeFile(
        join(work.path, 'tools.go'),
        `//go:build tools\n\npackage tools\n\nimport _ "${target}"\n`,
      );
      await build(
        { folder: work.path, target, out: join(out, command), ldflags: versionFlags(version) },
        note,
      );
    },
    log,
  );
  return join(folder, command);
}

/** Builds a static program to `out` from one file that needs only Go's standard library. */
export async function goPlainProgram(source: string, out: string): Promise<void> {
  await using work = await workFolder(out);
  await writeFile(join(work.path, 'go.mod'), 'module plain\n\ngo 1.22\n');
  await copyFile(source, join(work.path, 'main.go'));
  await build({ folder: work.path, target: '.', out, ldflags: '-s -w' }, () => {});
}

async function writeModule(folder: string, version: string): Promise<void> {
  const described: unknown = JSON.parse(
    await tool([findGo(), 'mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], {
      env: goEnvironment(),
    }),
  );
  const upstream = await readFile(goModPath(described, version), 'utf8');
  await writeFile(join(folder, 'go.mod'), goModRequiring(version, upstream));
}

async function build(
  options: {
    readonly folder: string;
    readonly target: string;
    readonly out: string;
    readonly ldflags: string;
  },
  note: (text: string) => void,
): Promise<void> {
  const { folder, target, out, ldflags } = options;
  const go = findGo();
  note('fetching Go modules');
  await tool([go, 'mod', 'tidy'], { cwd: folder, env: goEnvironment(), endsWithUs: 'alone' });
  note('compiling');
  let compiled = 0;
  await tool([go, 'build', '-v', '-trimpath', '-ldflags', ldflags, '-o', out, target], {
    cwd: folder,
    env: { ...goEnvironment(), GOTMPDIR: folder },
    endsWithUs: 'alone',
    onLine: () => {
      compiled += 1;
      note(`${compiled} packages compiled`);
    },
  });
}

/** Returns the environment in which Go builds static programs, whatever this machine sets. */
export function goEnvironment(): Record<string, string> {
  return {
    CGO_ENABLED: '0',
    GOFLAGS: '-mod=mod -buildvcs=false',
    GOWORK: 'off',
    GOTOOLCHAIN: process.env['GOTOOLCHAIN'] ?? 'auto',
  };
}

function goModPath(described: unknown, version: string): string {
  if (typeof described === 'object' && described !== null && 'GoMod' in described) {
    if (typeof described.GoMod === 'string') return described.GoMod;
  }
  throw new Error(`Expected the go.mod of k8s.io/kubernetes v${version}, got ${JSON.stringify(described)}.`);
}

function goVersion(command: string): string | undefined {
  try {
    const text = execFileSync(command, ['version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GOTOOLCHAIN: 'local' },
    });
    return /go version go(\d+\.\d+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

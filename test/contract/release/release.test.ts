// What is in a release, read by the tools of those who install it.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ensureHostPackages, whyNoBed } from '../../../scripts/bed/build/host-packages.ts';
import { HELM_3, HELM_4 } from '../../../scripts/bed/build/go-install.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { packagesIn } from '../../../scripts/bench/image/contents.ts';
import { checksumsIn } from '../../../scripts/release/checksums.ts';
import { runHelm } from '../chart/render.ts';
import { CHECKOUT, type Made, releaseTo } from './releases.ts';

const WHY_NOT = whyNoBed();
const BEFORE_130 = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

describe.skipIf(WHY_NOT !== undefined)(`a release (${WHY_NOT ?? 'made twice'})`, () => {
  let root = '';
  let made: Made;

  beforeAll(async () => {
    await ensureHostPackages(consoleLog());
    root = await mkdtemp(join(tmpdir(), 'release-'));
    made = await releaseTo(join(root, 'one'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('has the same bytes in another folder', async () => {
    const again = await releaseTo(join(root, 'elsewhere', 'two'), { source: made.source });
    expect(await checksumsIn(again.folder)).toEqual(await checksumsIn(made.folder));
    expect(again.image).toBe(made.image);
    await rm(again.folder, { recursive: true });
  });

  it('has checksums of all its files, which sha256sum confirms', async () => {
    const sums = await readFile(made.path('sums'), 'utf8');
    const names = sums.split('\n').map((line) => line.slice(66));
    const files = (await readdir(made.folder)).filter((name) => name !== made.names.sums).toSorted();
    expect(names).toEqual([...files, '']);
    const checked = execFileSync('sha256sum', ['--check', '--strict', made.names.sums], {
      cwd: made.folder,
      encoding: 'utf8',
    });
    expect(checked.match(/: OK$/gmu)).toHaveLength(files.length);
  });

  it('says from which commit and packages its files are, in an in-toto statement', async () => {
    const statement = JSON.parse(await readFile(made.path('provenance'), 'utf8'));
    const { names } = made;
    const about = (await checksumsIn(made.folder)).filter(
      ({ name }) => name !== names.provenance && name !== names.sums,
    );
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: about.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    });
    const { resolvedDependencies } = statement.predicate.buildDefinition;
    expect(resolvedDependencies[0]).toEqual({ name: 'source', digest: { gitCommit: made.source.commit } });
    expect(resolvedDependencies).toContainEqual({
      uri: expect.stringMatching(/^pkg:npm\/%40kubernetes\/client-node@/u),
      digest: { sha512: expect.stringMatching(/^[\da-f]{128}$/u) },
    });
  });

  it('has the module for SELinux as it is in daemonset/selinux', async () => {
    const ours = join(CHECKOUT, 'daemonset/selinux', made.names.selinuxModule);
    expect(await readFile(made.path('selinuxModule'), 'utf8')).toBe(await readFile(ours, 'utf8'));
  });

  it.each([
    ['installYaml', 'daemonset', BEFORE_130],
    ['installYamlBefore130', 'daemonset + daemonset/before-1.30', []],
  ] as const)('has %s with the image by digest', async (name, source, policies) => {
    const text = await readFile(made.path(name), 'utf8');
    expect(text.split('\n')[0]).toContain(`${source}.`);
    const objects = parseAllDocuments(text).map((document) => document.toJS());
    const kinds = new Set(objects.map(({ kind }) => kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['Namespace', 'ConfigMap', 'DaemonSet', 'Deployment']));
    expect(BEFORE_130.filter((kind) => kinds.has(kind))).toEqual(policies);
    const images = objects.flatMap(({ spec }) => spec?.template?.spec?.containers ?? []);
    expect(images.map(({ image }) => image)).toEqual([made.image, made.image]);
  });

  it.each([HELM_3, HELM_4])(
    'has a chart that Helm $version lints, and that runs the image by digest',
    async (helm) => {
      const chart = made.path('chart');
      const at = ['--kube-version', DEFAULT_KUBERNETES_VERSION];
      const { stdout: linted } = await runHelm(helm, ['lint', '--strict', chart, ...at]);
      expect(linted).toContain('1 chart(s) linted, 0 chart(s) failed');
      const { stdout } = await runHelm(helm, ['template', 'x', chart, ...at]);
      const images = [...stdout.matchAll(/^ +image: (?<image>.*)$/gmu)].map(
        ({ groups }) => groups?.['image'],
      );
      expect(images).toEqual([`"${made.image}"`, `"${made.image}"`]);
    },
  );

  it('has a chart whose page has the default values of this release', async () => {
    const page = execFileSync('tar', ['-xzOf', made.path('chart'), 'kubelet-sysctl-agent/README.md'], {
      encoding: 'utf8',
    });
    const [repository, digest] = made.image.split('@');
    expect(page).toContain(`| image.repository | string | \`"${repository}"\` |`);
    expect(page).toContain(`| image.digest | string | \`"${digest}"\` |`);
    const own = await readFile(join(CHECKOUT, 'LICENSE'), 'utf8');
    const license = execFileSync('tar', ['-xzOf', made.path('chart'), 'kubelet-sysctl-agent/LICENSE']);
    expect(license.toString()).toBe(own);
  });

  it('has an image whose layers are what its manifest says, with labels, and the licences of all that is in it', async () => {
    const folder = join(root, 'layout');
    await mkdir(folder);
    execFileSync('tar', ['-xf', made.path('image'), '-C', folder]);
    const read = async (file: string) => readJson(join(folder, file));
    expect(await read('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    const [descriptor] = (await read('index.json')).manifests;
    expect(descriptor).toMatchObject({
      digest: made.image.split('@')[1],
      annotations: { 'io.containerd.image.name': made.image },
    });
    const manifest = await read(blob(descriptor.digest));
    for (const { digest } of [descriptor, manifest.config, ...manifest.layers]) {
      const [sum] = execFileSync('sha256sum', [join(folder, blob(digest))], { encoding: 'utf8' }).split(' ');
      expect(`sha256:${sum}`).toBe(digest);
    }
    const config = await read(blob(manifest.config.digest));
    expect(config).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config: {
        Labels: {
          'org.opencontainers.image.revision': made.source.commit,
          'org.opencontainers.image.licenses': 'Apache-2.0',
          'org.opencontainers.image.title': 'kubelet-sysctl-agent',
        },
      },
    });
    const rootfs = join(root, 'rootfs');
    await mkdir(rootfs);
    for (const { digest } of manifest.layers) {
      execFileSync('tar', ['-xf', join(folder, blob(digest)), '-C', rootfs]);
    }
    const own = ['app/LICENSE', 'app/kubelet-sysctls.licenses.txt', 'app/kubelet-sysctls.mjs'];
    const missing = [...own, 'usr/local/LICENSE'].filter((file) => !existsSync(join(rootfs, file)));
    expect(missing).toEqual([]);
    const packages = packagesIn(await readFile(join(rootfs, 'var/lib/dpkg/status'), 'utf8'));
    expect(packages).toEqual(expect.arrayContaining(['libc6', 'coreutils', 'findutils', 'util-linux']));
    // Some have a link to the folder of another package of the same source.
    const license = (name: string): string => join(rootfs, 'usr/share/doc', name, 'copyright');
    expect(packages.filter((name) => !existsSync(license(name)))).toEqual([]);
  });

  it('has an image in which the programs of the agent and of its probes start, without a shell, Perl or a package manager', () => {
    const image = join(root, 'rootfs');
    for (const program of ['node', 'nsenter', 'cp', 'find']) {
      expect(within(image, program, '--version')).toMatchObject({ status: 0, stderr: '' });
    }
    expect(within(image, 'test', '-e', '/app/kubelet-sysctls.mjs').status).toBe(0);
    expect(within(image, 'find', '/app', '-mmin', '+3', '-exec', 'false', '{}', '+').status).toBe(1);
    for (const program of ['sh', 'bash', 'dash', 'perl', 'apt-get', 'dpkg', 'python3', 'curl']) {
      // 127: chroot did not find it.
      expect([program, within(image, program, '--version').status]).toEqual([program, 127]);
    }
  });
});

function within(image: string, ...argv: readonly string[]) {
  return spawnSync('chroot', [image, ...argv], { encoding: 'utf8' });
}

async function readJson(file: string) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Returns a blob's path in an OCI layout. */
function blob(digest: string): string {
  return join('blobs', ...digest.split(':'));
}

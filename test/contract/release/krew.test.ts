// The plugin's archive and manifest, as krew validates and installs them.

import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled, PLUGIN_ENTRY } from '../../../scripts/build.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { goInstalled, KREW, KREW_VALIDATOR } from '../../../scripts/bed/build/go-install.ts';
import { DEFAULT_KUBERNETES_VERSION, kubernetesBinary } from '../../../scripts/bed/build/kubernetes.ts';
import { environment, type Outcome, run } from '../../../scripts/bed/build/run.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';
import { sha256Of } from '../../../scripts/release/checksums.ts';
import { krewManifest, releasePlugin } from '../../../scripts/release/plugin.ts';
import { CHECKOUT } from './releases.ts';

const WHY_NOT = whyNoGo();
const VERSION = '1.2.3';
/** krew's names of what it is on. */
const PLATFORMS = [
  ['linux', 'amd64'],
  ['linux', 'arm64'],
  ['darwin', 'amd64'],
  ['darwin', 'arm64'],
] as const;

describe.skipIf(WHY_NOT !== undefined)(
  `the plugin's archive and manifest (${WHY_NOT ?? `krew ${KREW.version}`})`,
  () => {
    let root = '';
    let archive = '';
    let sha256 = '';
    let path = '';
    let validator = '';
    let server: Server;

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'release-krew-'));
      archive = join(root, 'plugin.tar.gz');
      await releasePlugin({
        checkout: CHECKOUT,
        bundle: await bundled(PLUGIN_ENTRY),
        epoch: 0,
        out: archive,
      });
      sha256 = await sha256Of(archive);
      const [krew, kubectl] = [
        await goInstalled(KREW, consoleLog()),
        await kubernetesBinary('kubectl', DEFAULT_KUBERNETES_VERSION, consoleLog()),
      ];
      validator = await goInstalled(KREW_VALIDATOR, consoleLog());
      const tools = join(root, 'tools');
      await mkdir(tools);
      await symlink(krew, join(tools, 'kubectl-krew'));
      path = [tools, dirname(kubectl), dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
      server = createServer((_request, response) => void createReadStream(archive).pipe(response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(async () => {
      server.close();
      await rm(root, { recursive: true, force: true });
    });

    /** Writes a manifest; its download is served on loopback. */
    async function manifestWith(folder: string, { version = VERSION, sum = sha256 } = {}): Promise<string> {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await mkdir(join(root, folder));
      const file = join(root, folder, 'sysctls.yaml');
      await writeFile(
        file,
        krewManifest({ version, uri: `http://127.0.0.1:${port}/plugin.tar.gz`, sha256: sum }),
      );
      return file;
    }

    it("pass krew's own validation, which downloads the archive, installs it and searches it for a licence", async () => {
      const manifest = await manifestWith('valid');
      const { exitCode, stderr } = await runIn([validator, '-manifest', manifest], { PATH: path });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 0,
        stderr: expect.stringContaining('all 1 spec.platforms installed fine'),
      });
    });

    it('do not pass it with a version that is none', async () => {
      const manifest = await manifestWith('invalid', { version: '1.x' });
      const { exitCode, stderr } = await runIn([validator, '-manifest', manifest, '-skip-install'], {
        PATH: path,
      });
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain('failed to parse plugin version');
    });

    it.each(PLATFORMS)('are installed on %s %s, and kubectl runs the plugin', async (os, arch) => {
      const home = join(root, `krew-${os}-${arch}`);
      const manifest = await manifestWith(`${os}-${arch}`);
      const env = { PATH: path, KREW_ROOT: home, KREW_OS: os, KREW_ARCH: arch };
      const install = ['kubectl', 'krew', 'install', `--manifest=${manifest}`, `--archive=${archive}`];
      const installed = await runIn(install, env);
      expect(installed).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining('Installed plugin: sysctls'),
      });
      expect(installed.stderr + installed.stdout).toContain('Node.js 22.15');

      const withPlugin = { PATH: `${join(home, 'bin')}${delimiter}${path}` };
      const { exitCode, stdout } = await runIn(['kubectl', 'sysctls', '--help'], withPlugin);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: expect.stringContaining('kubectl sysctls'),
      });
    });

    it('are refused when the archive is not the one of the manifest', async () => {
      const manifest = await manifestWith('other', { sum: '0'.repeat(64) });
      const install = ['kubectl', 'krew', 'install', `--manifest=${manifest}`, `--archive=${archive}`];
      const { exitCode, stderr } = await runIn(install, { PATH: path, KREW_ROOT: join(root, 'krew-other') });
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain('checksum does not match');
    });
  },
);

async function runIn(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  return run(argv, { reject: false }, { ...environment(), ...env });
}

// The admission policies of the policy's ConfigMap, on real API servers, beside the agents' own parser.

import * as fc from 'fast-check';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { CONFIG_MAP, NAMESPACE } from '../../../agent/names.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { ALLOWED_MESSAGE, NODE_WIDE_WARNING } from '../../../agent/sysctl/judge.ts';
import { nodeWideNames } from '../../../agent/sysctl/node-wide.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { workFolder } from '../../../scripts/bed/util/work-folder.ts';
import { runs } from '../runs.ts';
import { configMap, type Data } from './config-maps.ts';
import { NOT_ROOT, RealApiServer } from './real-api-server.ts';
import { foreignWords, warningFor } from './same-words.ts';

const SKIPPED = NOT_ROOT ?? whyNoGo();
const RUN = runs(150);
const LIST = 'allowedUnsafeSysctls';
const NAMESPACE_ARGS = ['--namespace', NAMESPACE];

/** Mistakes that people make, and what the refusal names. */
const MISTAKES: readonly (readonly [what: string, data: Data, said: RegExp])[] = [
  ['a name that is not namespaced', { [LIST]: 'net.a\nvm.max_map_count' }, /, line 2: .*not namespaced/u],
  ['capital letters', { [LIST]: '# ours\n\nNet.Core.Somaxconn' }, /, line 3: .*Write net\.core\.somaxconn/u],
  ['the flag with the name', { [LIST]: '--allowed-unsafe-sysctls=net.a' }, /Write the name alone: net\.a/u],
  ['a value with the name', { [LIST]: 'net.core.somaxconn=1024' }, /securityContext\.sysctls/u],
  ['a line of sysctl.conf', { [LIST]: 'net.core.somaxconn\t1024' }, /got "net\.core\.somaxconn\\t1024"/u],
  ['a YAML list', { [LIST]: '- net.a\n- net.b' }, /line 1: .*Remove the dash.*line 2: .*Remove the dash/u],
  [
    'a pattern that is too wide',
    { [LIST]: 'kernel.*' },
    /Name kernel\.sem, kernel\.shm\*, kernel\.msg\* or/u,
  ],
  ['an extra comma', { [LIST]: 'net.a,,net.b' }, /line 1: .*an empty item/u],
  ['a list that names nothing', { [LIST]: '# net.a' }, /line 1: .*set mode: Restore/u],
  ['a mode in small letters', { mode: 'observe' }, /^mode, line 1: .*Did you mean Observe\?/u],
  ['a boolean of YAML', { paused: 'yes' }, /^paused, line 1: .*true or false, got "yes"/u],
  ['a duration with its unit', { soakSeconds: '60s' }, /^soakSeconds, line 1: .*got "60s"/u],
  ['a soak that is too long', { nodeSoakSeconds: '600' }, /^nodeSoakSeconds, line 1: .*from 0 to 60/u],
  ['a percentage above 100', { maxUnavailable: '120%' }, /^maxUnavailable, line 1: .*got "120%"/u],
  ['a key with a typing error', { allowedUnsafeSysctl: 'net.a' }, /The keys are allowedUnsafeSysctls, /u],
  ['a key in other letters', { MaxUnavailable: '1' }, /Did you mean maxUnavailable\?/u],
  ['a window without a zone', { windows: '\nMon 22:00-04:00' }, /^windows, line 2: .*a time zone after/u],
  ['a time without its zero', { windows: 'Mon 9:00-17:00 UTC' }, /^windows, line 1: .*got "9:00-17:00"/u],
  ['an offset for a zone', { windows: 'Mon 09:00-17:00 +01:00' }, /^windows, line 1: .*got "\+01:00"/u],
  ['a label of canaries in two words', { canary: 'pool=my canary' }, /^canary, line 1: .*got "my canary"/u],
  [
    'a mistake after 1,500 names',
    { [LIST]: `${'net.a.name_of_some_length\n'.repeat(1_500)}Net.a` },
    /line 1501: /u,
  ],
  [
    'a key beside more names than it judges',
    { [LIST]: 'net.a\n'.repeat(20_000), mode: 'x' },
    /^mode, line 1: /u,
  ],
  ['two mistakes', { [LIST]: 'Net.a', mode: 'Enforced' }, /line 1: .*Write net\.a\. mode, line 1: /u],
];

/** What the agents accept, or what the policy leaves to their report. */
const ACCEPTED: readonly (readonly [what: string, data: Data])[] = [
  ['only the documentation, as first installed', { _example: 'mode: x' }],
  ['no data', {}],
  ['mode: Restore without names', { mode: 'Restore' }],
  ['mode: Restore with an empty list', { mode: 'Restore', [LIST]: '' }],
  ['an empty list beside profiles', { [LIST]: '', profiles: '- name: a' }],
  ['profiles that are not YAML', { [LIST]: 'net.a', profiles: '[' }],
  ['3,000 names in 114 kB', { [LIST]: 'net.ipv4.conf.all.rp_filter_of_a_pod\n'.repeat(3_000) }],
  ['more text than is judged', { [LIST]: 'Net.a\n'.repeat(100_000) }],
];

const MANY = 'net.a.name_of_some_length\n'.repeat(1_200);
/** All of the table, in both spellings. */
const ALL = nodeWideNames().flatMap((name) => [name, name.replaceAll('.', '/')]);

/** What `validate` warns of, and which names the warning has. */
const WARNED: readonly (readonly [what: string, text: string, names: string])[] = [
  ['a name that no pod can set', 'net.core.somaxconn\nnet.core.rmem_max # why\n', 'net.core.rmem_max is'],
  ['such a name with slashes', 'net.a, net/ipv4/route/gc_thresh,', 'net/ipv4/route/gc_thresh is'],
  ['two of them', 'net.core.wmem_max, net.core.rmem_max', 'net.core.rmem_max, net.core.wmem_max: each is'],
  ['one of them twice', 'net.core.rmem_max\nnet.core.rmem_max', 'net.core.rmem_max is'],
  ['one of them after 30 kB of names', `${MANY}net.core.rmem_max`, 'net.core.rmem_max is'],
  ['all of them twice', `${ALL.join('\n')}\n${ALL.join(', ')}`, `${ALL.toSorted().join(', ')}: each is`],
];

/** What a pod may set, on some kernel or node at least, or what is no name of a sysctl. */
const NOT_WARNED: readonly (readonly [what: string, data: Data])[] = [
  [
    'names that pods can set',
    { [LIST]: 'net.core.somaxconn, net.ipv4.tcp_rmem, kernel.shm*, net/ipv4/tcp_wmem' },
  ],
  ['a name that only old kernels have once for the node', { [LIST]: 'net.ipv4.tcp_rmem' }],
  ['a pattern above names that no pod can set', { [LIST]: 'net.core.rmem_*, net.*' }],
  ['a name that only begins or ends like one', { [LIST]: 'net.core.rmem_max_x, net.ipv4.net.core.rmem_max' }],
  ['such a name in a comment', { [LIST]: 'net.a # net.core.rmem_max, net.core.wmem_max' }],
  ['such a name in the documentation', { _example: 'net.core.rmem_max' }],
  ['such a name after more text than is judged', { [LIST]: `${'#'.repeat(32 * 1024)}\nnet.core.rmem_max` }],
  [
    'such a name in a profile',
    { profiles: '- {name: a, nodeSelector: {pool: a}, allowedUnsafeSysctls: [net.core.rmem_max]}' },
  ],
];

describe.skipIf(SKIPPED !== undefined).each([OLDEST_KUBELET_VERSION, DEFAULT_KUBERNETES_VERSION])(
  `the policies of the ConfigMap on an API server %s (${SKIPPED ?? `seed ${RUN.seed}`})`,
  (version) => {
    let server: RealApiServer;
    beforeAll(async () => {
      server = await RealApiServer.start(version);
      await server.apply();
      await server.awaitPolicy();
    });
    afterAll(async () => server?.close());

    it('an edit that the agents accept is never refused, and a refusal and a warning say only what validate says', async () => {
      const seen = { valid: 0, invalid: 0, refused: 0, warned: 0 };
      await fc.assert(
        fc.asyncProperty(configMap, async (data) => {
          const result = parsePolicy(data);
          const { refusal, warning } = await server.say(data);
          expect(warning).toBe(warningFor(data));
          if (warning !== undefined) seen.warned += 1;
          seen[result.ok ? 'valid' : 'invalid'] += 1;
          if (refusal === undefined) return;
          seen.refused += 1;
          expect(foreignWords(refusal, result.ok ? [] : result.errors)).toBe('');
        }),
        RUN,
      );
      expect(seen.valid).toBeGreaterThan(RUN.numRuns / 5);
      expect(seen.refused / seen.invalid).toBeGreaterThan(0.6);
      expect(seen.warned).toBeGreaterThan(RUN.numRuns / 10);
      expect(seen.warned).toBeLessThan(RUN.numRuns - RUN.numRuns / 10);
    });

    it.each(WARNED)('an edit with %s passes with a warning that names it', async (_what, text, names) => {
      const said = `${ALLOWED_MESSAGE}, but ${NODE_WIDE_WARNING}.`;
      const warning = `${LIST}: ${names} ${said}`;
      expect(await server.say({ [LIST]: text })).toEqual({ refusal: undefined, warning });
    });

    it.each(NOT_WARNED)('an edit with %s passes without a warning', async (_what, data) => {
      expect(await server.say(data)).toEqual({ refusal: undefined, warning: undefined });
    });

    it('kubectl apply shows the warning and makes the edit, and an edit of another key gives none', async () => {
      const before = await server.data();
      const change = async (data: object) =>
        server.bed.kubectl([
          'patch',
          'configmap',
          CONFIG_MAP,
          ...NAMESPACE_ARGS,
          `--patch=${JSON.stringify({ data })}`,
        ]);

      const { stderr } = await change({ [LIST]: 'net.core.rmem_max' });

      expect(stderr).toContain('Warning: ');
      expect(stderr).toContain(`net.core.rmem_max is ${ALLOWED_MESSAGE}, but ${NODE_WIDE_WARNING}.`);
      expect(await server.data()).toEqual({ ...before, [LIST]: 'net.core.rmem_max' });
      expect((await change({ paused: 'true' })).stderr).toBe('');
      expect((await change({ [LIST]: null, paused: null })).stderr).toBe('');
      expect(await server.data()).toEqual(before);
    });

    it.each(MISTAKES)('an edit with %s is refused, with key and line', async (_what, data, said) => {
      expect(await server.refusalOf(data)).toMatch(said);
    });

    it.each(ACCEPTED)('an edit with %s passes', async (_what, data) => {
      expect(await server.refusalOf(data)).toBeUndefined();
    });

    it('kubectl apply refuses a bad file, with key and line, and changes nothing', async () => {
      await using work = await workFolder();
      const file = join(work.path, 'config-map.yaml');
      const metadata = { name: CONFIG_MAP, namespace: NAMESPACE };
      const data = { [LIST]: 'net.a\nvm.swappiness\n' };
      await writeFile(file, stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }));

      const said = await server.bed.kubectl(['apply', '-f', file], { reject: false });

      expect(said.exitCode).not.toBe(0);
      expect(said.stderr).toContain(`${LIST}, line 2: Expected a namespaced sysctl, got "vm.swappiness"`);
      expect(Object.keys(await server.data())).toEqual(['_example']);
    });

    it('kubectl edit opens the editor again with the refusal above the text', async () => {
      await using work = await workFolder();
      const seen = join(work.path, 'seen');
      const editor = join(work.path, 'editor');
      // The first time it makes a mistake; the second time it only keeps what it was shown.
      const script = `#!/bin/sh\n[ -e ${seen} ] && { cat "$1" >> ${seen}; exit; }\necho > ${seen}\nsed -i 's/^data:/data:\\n  mode: Enfroce/' "$1"\n`;
      await writeFile(editor, script, { mode: 0o755 });

      const edit = ['edit', 'configmap', CONFIG_MAP, ...NAMESPACE_ARGS];
      await withEditor(editor, () => server.bed.kubectl(edit, { reject: false }));

      expect(await readFile(seen, 'utf8')).toMatch(
        /^# .*mode, line 1: Expected mode to be Enforce.*"Enfroce"/mu,
      );
      expect(Object.keys(await server.data())).toEqual(['_example']);
    });

    it('only the keys that an edit changes are judged, so an older mistake stands in the way of no edit', async () => {
      const old = { [LIST]: 'net.a', mode: 'Enforced', foo: 'bar' };
      await server.keepInvalid(old);

      expect(await server.refusalOf({ ...old, paused: 'true' }, 'update')).toBeUndefined();
      expect(await server.refusalOf({ ...old, [LIST]: 'net.b' }, 'update')).toBeUndefined();
      expect(await server.refusalOf({ [LIST]: 'net.a' }, 'update')).toBeUndefined();
      expect(await server.refusalOf({}, 'update')).toBeUndefined();
      expect(await server.refusalOf({ ...old, mode: 'enforced' }, 'update')).toMatch(/^mode, line 1: /u);
      expect(await server.refusalOf({ ...old, [LIST]: 'Net.a' }, 'update')).toMatch(/, line 1: [^:]*$/u);
    });

    it('applying the manifests again works over any edit', async () => {
      expect(await server.apply()).toMatch(/configmap\/kubelet-sysctls (?:unchanged|configured)/u);
    });
  },
);

async function withEditor(editor: string, work: () => Promise<unknown>): Promise<void> {
  vi.stubEnv('KUBE_EDITOR', editor);
  await work().finally(() => vi.unstubAllEnvs());
}

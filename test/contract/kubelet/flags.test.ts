// Compares our parser of the kubelet's arguments with its own flag set.

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAGS_WITHOUT_VALUE, SHORTHANDS } from '../../../agent/kubelet/flags/boolean-flags.ts';
import { FLAGS_WITH_VALUE } from '../../../agent/kubelet/flags/value-flags.ts';
import { parseCsv, printCsv } from '../../../agent/kubelet/flags/csv.ts';
import { allowedByFlags, lastValue, parseFlags } from '../../../agent/kubelet/flags/flags.ts';
import { removedFlags } from '../../../agent/plan/carried/removed-flags.ts';
import { NEWEST_KUBELET, parseVersion } from '../../../agent/sysctl/version.ts';
import { healthEndpoint } from '../../../agent/kubelet/running.ts';
import { whyNoGo } from '../../../scripts/bed/build/go.ts';
import { DEFAULT_KUBERNETES_VERSION, OLDEST_KUBELET_VERSION } from '../../../scripts/bed/build/kubernetes.ts';
import { NO_CONFIG } from '../../kubelet/units.ts';
import { runs } from '../runs.ts';
import { RealFlags } from './real-flags.ts';

const VERSIONS = [OLDEST_KUBELET_VERSION, DEFAULT_KUBERNETES_VERSION];
const NO_GO = whyNoGo();
const RUN = runs(4000);

const csvValue = fc
  .array(
    fc.constantFrom(
      'net.core.somaxconn',
      'kernel.sem',
      'a',
      ',',
      ',',
      '"',
      '""',
      '\n',
      '\r',
      '\r\n',
      ' ',
      "'",
      'é',
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''));
const tame = fc.constantFrom(
  '',
  'x',
  'net.core.somaxconn',
  'a,b',
  '/etc/x',
  '--',
  '-v',
  '--config',
  '--v=2',
  '--version=false',
);
const word = fc.oneof(
  { weight: 4, arbitrary: csvValue.map((value) => `--allowed-unsafe-sysctls=${value}`) },
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      '--allowed-unsafe-sysctls',
      '--allowed_unsafe_sysctls=kernel.sem',
      '--allowed_unsafe-sysctls',
      '--allowed-unsafe-sysctls=',
      '--Allowed-unsafe-sysctls=x',
      '-allowed-unsafe-sysctls=x',
      '--allowed-unsafe=x',
      '--config=/a',
      '--config',
      '--config-dir',
      '--config_dir=/b',
      '--healthz-port=0',
      '--healthz-port=4000',
      '--healthz-bind-address=::1',
      '--hostname-override',
      '--hostname-override=node',
      '--cert-dir',
      '--node-labels=a=b',
      '--rotate-certificates',
      '--rotate-certificates=false',
      '--fail-swap-on',
      '--v=4',
      '-v4',
      '-v=4',
      '-h',
      '-x',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('--', '---', '--=', '-', '', 'stray', '--no-such-flag=1') },
);
const lists = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: word.map((one) => [one]) },
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constantFrom('--config', '--allowed-unsafe-sysctls', '--hostname-override'),
        tame,
      ),
    },
  ),
  { maxLength: 7 },
);
/** Errors for invalid values, or for flags that only some versions have: our parser leaves these to the kubelet's binary. */
const JUDGED = /^(unknown flag: |invalid argument .* for "(?!--allowed-unsafe-sysctls))/;

describe.skipIf(NO_GO !== undefined).each(VERSIONS)(
  `kubelet %s (${NO_GO ?? `seed ${RUN.seed}`})`,
  (version) => {
    let real: RealFlags;
    beforeAll(async () => {
      real = await RealFlags.start(version);
    });
    afterAll(() => real.close());

    it('has no flag and no shorthand that is missing from our tables', () => {
      const { noValue, value, shorthands } = real.table();
      expect(noValue.filter((name) => !FLAGS_WITHOUT_VALUE.has(name))).toEqual([]);
      expect(value.filter((name) => !FLAGS_WITH_VALUE.has(name))).toEqual([]);
      expect(new Map(Object.entries(shorthands))).toEqual(SHORTHANDS);
    });

    it('has no flag that the agent leaves out because this kubelet no longer knows it', () => {
      const { noValue, value } = real.table();
      const removed = removedFlags(parseVersion(version) ?? NEWEST_KUBELET);
      expect([...noValue, ...value].filter((name) => removed.has(name))).toEqual([]);
    });

    it('parses any arguments in the same way as parseFlags', async () => {
      const seen = { taken: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(lists, async (parts) => {
          const args = parts.flat();
          const theirs = await real.parse(args);
          fc.pre(!JUDGED.test(theirs.error));
          const ours = parseFlags(args);
          const isRefused = theirs.error !== '' || theirs.stray.length > 0;
          seen[isRefused ? 'refused' : 'taken'] += 1;
          expect({ args, isRefused: ours.problem !== undefined }).toEqual({ args, isRefused });
          if (isRefused) return;
          expect({
            allowed: allowedByFlags(ours),
            config: lastValue(ours, 'config') ?? '',
            configDir: lastValue(ours, 'config-dir') ?? '',
            hostname: lastValue(ours, 'hostname-override') ?? '',
            healthz: healthEndpoint(['kubelet', ...args], NO_CONFIG),
          }).toEqual({
            allowed: theirs.changed ? theirs.allowed : undefined,
            config: theirs.config,
            configDir: theirs.configDir,
            hostname: theirs.hostnameOverride,
            healthz:
              theirs.healthzPort === 0
                ? undefined
                : { address: theirs.healthzBindAddress, port: theirs.healthzPort },
          });
        }),
        RUN,
      );
      // The generator must produce enough of both kinds.
      expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(RUN.numRuns / 20);
    });

    it('reads from our flag exactly the items that we wrote', async () => {
      const items = fc.array(fc.oneof(csvValue, fc.constantFrom('net.*', 'kernel.sem', '')), {
        maxLength: 5,
      });
      await fc.assert(
        fc.asyncProperty(items, async (list) => {
          // Go's reader turns \r\n within an item into \n, so no writer could keep one.
          const wanted = list.map((item) => item.replaceAll('\r', ''));
          const { allowed, error } = await real.parse([`--allowed-unsafe-sysctls=${printCsv(wanted)}`]);
          expect({ allowed, error }).toEqual({ allowed: wanted, error: '' });
          expect(parseCsv(printCsv(wanted))).toEqual(wanted);
        }),
        RUN,
      );
    });
  },
);

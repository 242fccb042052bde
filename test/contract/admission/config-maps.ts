// Generates the ConfigMap's data: mostly what a person could write, with a mistake here and there.

import * as fc from 'fast-check';
import { SETTING_KEYS } from '../../../agent/policy/settings.ts';
import { nodeWideNames } from '../../../agent/sysctl/node-wide.ts';
import { item } from '../../sysctl/arbitraries.ts';

export type Data = Readonly<Record<string, string>>;

const GOOD_NAMES = [
  'net.core.somaxconn',
  'net.ipv4.tcp_*',
  'kernel.shm*',
  'user/max_user_namespaces',
  'net.*',
];
/** Names that no pod can set. */
const NODE_WIDE = nodeWideNames().flatMap((one) => [one, one.replaceAll('.', '/')]);
const MISTAKES = [
  'vm.max_map_count',
  'fs.file-max = 100',
  'Net.Core.Somaxconn',
  '- net.a',
  '--allowed-unsafe-sysctls=net.a,net.b',
  "'net.a'",
  'net.core.somaxconn=1024',
  'net.core.somaxconn\t1024',
  'kernel.*',
  'net*',
  '*',
  'kernel.semm',
  'net..core',
  'net.core.',
  '.net',
  'net core',
];
const COMMENTS = ['', ' # why', '\r', '#', '\t', '\u00a0', '\ufeff', ' \u2028'];

const name = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...GOOD_NAMES) },
  { weight: 4, arbitrary: fc.constantFrom(...NODE_WIDE) },
  { weight: 1, arbitrary: fc.constantFrom(...MISTAKES) },
  { weight: 1, arbitrary: item },
);
const line = fc
  .tuple(fc.array(name, { maxLength: 3 }), fc.constantFrom(', ', ',', ' ,\t'), fc.constantFrom(...COMMENTS))
  .map(([names, separator, comment]) => names.join(separator) + comment);
const list = fc.oneof(
  { weight: 9, arbitrary: fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

function nearly(...good: readonly string[]): fc.Arbitrary<string> {
  const value = fc.constantFrom(...good);
  const edited = fc
    .tuple(value, fc.nat(), fc.nat({ max: 1 }), fc.constantFrom(...Array.from(' ,=-/0:#Aé%"1\u00a0\ufeff\n')))
    .map(([text, at, removed, added]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + added + text.slice(place + removed);
    });
  const padded = value.map((text) => ` ${text}\n`);
  return fc.oneof(
    { weight: 12, arbitrary: value },
    { weight: 2, arbitrary: padded },
    { weight: 1, arbitrary: edited },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  );
}

const window = nearly(
  'Mon-Fri 22:00-04:00 Europe/Berlin',
  'Sat,Sun 00:00-24:00 UTC # both',
  'Tue  01:00-02:00\tAsia/Tokyo',
  '# none',
  '',
);
const badWindow = fc.constantFrom(
  'Monday 22:00-04:00 UTC',
  'mon-fri 22:00-04:00 UTC',
  'Mon 9:00-17:00 UTC',
  'Mon 22:00-04:00',
  'Mon',
  'Mon-Tue-Wed 01:00-02:00 UTC',
  'Mon 01:00-02:00 UTC UTC',
  'Mon 01:00-02:00 +01:00',
  'Mon 01:00-02:00 Europe/Berln',
);
const windows = fc
  .array(fc.oneof({ weight: 9, arbitrary: window }, { weight: 1, arbitrary: badWindow }), { maxLength: 4 })
  .map((lines) => lines.join('\n'));

const profiles = fc.constantFrom(
  '- {name: a, nodeSelector: {pool: a}, allowedUnsafeSysctls: [kernel.sem]}',
  '- {name: a, nodeSelector: {pool: a}, allowedUnsafeSysctls: [kernel.sem]}',
  '',
  '[',
  '- {name: a, allowedUnsafeSysctls: [vm.swappiness]}',
);

const settings = fc.record(
  {
    mode: nearly('Enforce', 'Observe', 'Restore', 'Enforce', 'enforce'),
    paused: nearly('true', 'false', 'TRUE', 'False'),
    unmanaged: nearly('Keep', 'Remove'),
    inUse: nearly('Block', 'Proceed'),
    nodeSoakSeconds: nearly('0', '10', '60', '61'),
    openShiftConfigDir: nearly('true', 'false'),
    maxUnavailable: nearly('1', '10%', '100%', '25', '0'),
    canary: nearly('0', '2', 'pool=canary', 'pool=canary, example.com/stage=', '9007199254740991'),
    soakSeconds: nearly('0', '60', '2592000', '2592001'),
    failureThreshold: nearly('1', '5%', '9007199254740991', '9007199254740992'),
    rollout: nearly('Coordinated', 'Immediate'),
    windows,
    profiles,
  },
  { requiredKeys: [] },
);

const unknown = fc.oneof(
  { weight: 20, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('Mode', 'allowedUnsafeSysctl', 'foo', '__proto__', 'max-unavailable'),
        fc.constant(''),
      )
      .map((pair) => Object.fromEntries([pair])),
  },
);

/** Data for which about half is valid. */
export const configMap: fc.Arbitrary<Data> = fc
  .tuple(
    fc.option(list, { freq: 9, nil: undefined }),
    fc.subarray([...SETTING_KEYS, 'profiles'], { maxLength: 3 }),
    settings,
    unknown,
  )
  .map(([text, kept, values, more]) => {
    const chosen = Object.entries(values).filter(([key]) => kept.includes(key));
    const entries = [...(text === undefined ? [] : [['allowedUnsafeSysctls', text] as const]), ...chosen];
    return {
      _example: 'documentation',
      ...Object.fromEntries(entries.map(([key, value]) => [key, (value ?? '').toWellFormed()])),
      ...more,
    };
  });

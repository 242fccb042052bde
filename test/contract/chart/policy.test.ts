// The value `policy`: empty, the ConfigMap is people's; set, Helm owns the keys that are set.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { objectAt, stringMapAt, type JsonObject } from '../../../agent/cluster/http/json.ts';
import { parsePolicy } from '../../../agent/policy/parse.ts';
import { IN_USE, MODES, ROLLOUTS, UNMANAGED } from '../../../agent/policy/policy.ts';
import { SETTING_KEYS } from '../../../agent/policy/settings.ts';
import { buildTools, CHART, chartObjects, theOne } from './render.ts';
import { schemaAt } from './schema.ts';

const LISTS = ['allowedUnsafeSysctls', 'profiles'];
const NAMES = 'net.core.somaxconn # backlog\nnet.ipv4.tcp_keepalive_*\n';
const PROFILE = {
  name: 'databases',
  nodeSelector: { 'node-role.example.com/database': 'true' },
  allowedUnsafeSysctls: ['kernel.sem', 'kernel.shm*'],
};
/** Every key, in the types that YAML gives people who do not think of types. */
const TYPED = {
  allowedUnsafeSysctls: ['net.core.somaxconn', 'net.ipv4.tcp_keepalive_*'],
  profiles: [PROFILE],
  mode: 'Observe',
  paused: true,
  unmanaged: 'Remove',
  inUse: 'Proceed',
  nodeSoakSeconds: 0,
  openShiftConfigDir: false,
  rollout: 'Coordinated',
  maxUnavailable: 1_000_000,
  canary: 21_000_000,
  soakSeconds: 2_592_000,
  failureThreshold: '5%',
  windows: ['Mon-Fri 22:00-04:00 Europe/Berlin', 'Sat,Sun 00:00-24:00 UTC'],
};

beforeAll(buildTools);

it('without the value policy the ConfigMap has only the key _example, and Helm never deletes it', async () => {
  const configMap = theOne(await chartObjects(), 'ConfigMap');
  expect(Object.keys(objectAt(configMap, 'data'))).toEqual(['_example']);
  expect(objectAt(configMap, 'metadata', 'annotations')).toEqual({ 'helm.sh/resource-policy': 'keep' });
});

it('the schema has every key of the policy with its words', () => {
  const properties = objectAt(schemaAt(['policy'])['properties']);
  expect(Object.keys(properties).toSorted()).toEqual([...LISTS, ...SETTING_KEYS].toSorted());
  const words = { mode: MODES, unmanaged: UNMANAGED, inUse: IN_USE, rollout: ROLLOUTS };
  const found = Object.keys(words).map((key) => [key, objectAt(properties, key)['enum']]);
  expect(Object.fromEntries(found)).toEqual(words);
});

it('every key may be written with its own type, and the agents read the same policy as from texts', async () => {
  expect(Object.keys(TYPED).toSorted()).toEqual([...LISTS, ...SETTING_KEYS].toSorted());
  const { _example, ...data } = await dataOf(TYPED);
  expect(_example).toContain('has no effect');
  const texts = Object.fromEntries(Object.entries(TYPED).map(([key, value]) => [key, textOf(value)]));
  expect(parsePolicy(data)).toMatchObject({
    ok: true,
    policy: { settings: { mode: 'Observe', paused: true }, profiles: [{ name: 'databases' }] },
  });
  expect(withoutLines(parsePolicy(data))).toEqual(withoutLines(parsePolicy(texts)));
});

it('texts reach the ConfigMap to the byte', async () => {
  const policy = {
    allowedUnsafeSysctls: NAMES,
    profiles: `# "quoted"\n- name: 'x'\n  nodeSelector: {a: "b"}\n  allowedUnsafeSysctls: [kernel.sem]\n`,
    windows: '\tMon 00:00-24:00 UTC # {{ not a template }}',
    canary: 'pool=canary',
    maxUnavailable: '20%',
    paused: 'false',
    soakSeconds: '007',
  };
  const { _example, ...data } = await dataOf(policy);
  expect(data).toEqual(policy);
});

it('the example of the page docs/how-to/helm.md is a valid policy', async () => {
  const page = await readFile(join(CHART, '..', '..', 'docs', 'how-to', 'helm.md'), 'utf8');
  const [, block = ''] = /```yaml\n(policy:.*?)```/su.exec(page) ?? [];
  const data = await dataOf(objectAt(parse(block), 'policy'));
  expect(parsePolicy(data)).toMatchObject({ ok: true, policy: { profiles: [{ name: 'databases' }] } });
});

async function dataOf(policy: JsonObject): Promise<Readonly<Record<string, string>>> {
  return stringMapAt(theOne(await chartObjects({ values: { policy } }), 'ConfigMap'), 'data');
}

function textOf(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const isList = value.every((item: unknown) => typeof item === 'string');
  return isList ? value.join('\n') : JSON.stringify(value);
}

/** The line of an entry depends on how the list is written. */
function withoutLines(policy: unknown): unknown {
  return JSON.parse(JSON.stringify(policy, (key, value: unknown) => (key === 'line' ? undefined : value)));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type JsonObject, objectAt, objectsAt, stringAt } from '../../agent/cluster/http/json.ts';
import { ROOT, tableOf } from './support/pages.ts';

/** The installed folders, and the component that grants more. */
const FOLDERS = ['daemonset', 'daemonset/coordinator', 'daemonset/components/monitoring-auth'];

const objects = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(ROOT, folder, name), 'utf8')))
    .map((document) => objectAt(document.toJS())),
);

function textsAt(object: JsonObject, key: string): readonly string[] {
  const value = object[key];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Returns a row for each account, place and resource that a binding grants. */
function granted(): readonly string[] {
  const bindings = objects.filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding');
  return bindings.flatMap((binding) => {
    const metadata = objectAt(binding, 'metadata');
    const { kind, name } = objectAt(binding, 'roleRef');
    const role = objects.find((object) => {
      const own = objectAt(object, 'metadata');
      return object['kind'] === kind && own['name'] === name && own['namespace'] === metadata['namespace'];
    });
    const where = stringAt(metadata, 'namespace') ?? 'cluster';
    return objectsAt(binding, 'subjects').flatMap((subject) =>
      objectsAt(role ?? {}, 'rules').flatMap((rule) =>
        [...textsAt(rule, 'resources'), ...textsAt(rule, 'nonResourceURLs')].map((resource) => {
          const named = [resource, ...textsAt(rule, 'resourceNames')].join(' ');
          return [subject['name'], where, named, textsAt(rule, 'verbs').join(', ')].join(' | ');
        }),
      ),
    );
  });
}

it('the page on security has a row for each right that the manifests grant, and no other row', () => {
  const rows = tableOf('docs/explanation/security.md', ['Account', 'Where', 'Resource', 'Verbs']);
  expect(granted().length).toBeGreaterThan(0);
  expect(rows.map((cells) => cells.join(' | ')).toSorted()).toEqual(granted().toSorted());
});

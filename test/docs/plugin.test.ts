import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXIT } from '../../agent/cli/exit.ts';
import { PLAN_EXIT } from '../../agent/cli/kubectl/commands/plan.ts';
import { WAIT_EXIT } from '../../agent/cli/kubectl/commands/wait.ts';
import { PERMISSIONS } from '../../scripts/reference/permissions.ts';
import { pluginPage } from '../../scripts/reference/plugin-page.ts';
import { rbacPage } from '../../scripts/reference/rbac-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = (name: string): Promise<string> => readFile(join(ROOT, 'docs/reference', name), 'utf8');

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

async function rulesOf(role: string): Promise<readonly Rule[]> {
  const file = `daemonset/${role.replace('kubelet-sysctl-', '')}-cluster-role.yaml`;
  const { rules }: { readonly rules: readonly Rule[] } = parse(await readFile(join(ROOT, file), 'utf8'));
  return rules;
}

describe('docs/reference/plugin.md', () => {
  it('is what the code makes; write it with node scripts/reference.ts', async () => {
    expect(await page('plugin.md')).toBe(await pluginPage());
  });

  it('has the exit codes of the code, and the helps name the same ones', async () => {
    const text = await page('plugin.md');
    const codes = [...text.matchAll(/^\| [^|]+ \| (\d) \|/gmu)].map(([, code]) => Number(code));
    expect(codes).toEqual([EXIT, WAIT_EXIT, PLAN_EXIT].flatMap((all) => Object.values(all)));
    const helped = /### wait[^]*?Exit codes: (?<line>[^\n]+)/u.exec(text)?.groups?.['line'] ?? '';
    expect([...helped.matchAll(/\b(\d) /gu)].map(([, code]) => Number(code))).toEqual(
      [EXIT, WAIT_EXIT].flatMap((all) => Object.values(all)),
    );
    const planned = /With --exit-code[^\n]*: (?<line>[^\n]+)/u.exec(text)?.groups?.['line'] ?? '';
    expect([...planned.matchAll(/(?:^|; )(\d) /gu)].map(([, code]) => Number(code))).toEqual(
      Object.values(PLAN_EXIT),
    );
  });

  it('calls the plugin as people do', async () => {
    expect(await page('plugin.md')).not.toMatch(/Usage: kubectl-sysctls/u);
  });
});

describe('docs/reference/rbac.md', () => {
  it('is what the permissions make; write it with node scripts/reference.ts', async () => {
    expect(await page('rbac.md')).toBe(rbacPage());
  });

  it('names for each command ClusterRoles that allow all of its permissions', async () => {
    const missing: string[] = [];
    for (const { command, roles, permissions } of PERMISSIONS) {
      const rules = (await Promise.all(roles.map(rulesOf))).flat();
      for (const { verb, resource, group, name } of permissions) {
        const allows = rules.some(
          (rule) =>
            rule.apiGroups.includes(group) &&
            rule.resources.includes(resource) &&
            rule.verbs.includes(verb) &&
            (rule.resourceNames === undefined || rule.resourceNames.includes(name ?? '')),
        );
        if (!allows) missing.push(`${command}: ${verb} ${resource}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { applyCommand } from '../../agent/cli/apply/apply.ts';
import { agentCommand } from '../../agent/cli/daemon/agent.ts';
import { type AgentFlags, checkedFlags } from '../../agent/cli/daemon/host/flags.ts';
import { parseUnitFiles } from '../../agent/kubelet/unit-files.ts';

const FOLDER = join(import.meta.dirname, '../../daemonset/host');
const AGENT = 'kubelet-sysctl-agent.service';
const ONE_SHOT = 'kubelet-sysctl-agent-apply.service';

/** The lowest that systemd calls exposed is 5. */
const MOST_EXPOSED = 3;

/** The words of the unit's command, with these in place of $OPTIONS. */
function wordsOf(unit: string, options: readonly string[]): readonly string[] {
  const { execStart } = parseUnitFiles([readFileSync(join(FOLDER, unit), 'utf8')]);
  return execStart.flat().flatMap((word) => (word === '$OPTIONS' ? options : [word]));
}

function flagsOf(command: Command, [, , ...words]: readonly string[]): unknown {
  let flags: unknown;
  command
    .exitOverride()
    .action((given: AgentFlags, acting: Command) => {
      flags = command.name() === 'agent' ? checkedFlags(given, acting) : given;
    })
    .parse(words, { from: 'user' });
  return flags;
}

describe('a unit of the host', () => {
  const OPTIONS = ['--labels=pool=db', '--in-use=Proceed'];
  const POLICY = '/etc/kubelet-sysctl-agent/policy.yaml';

  it.each([
    [AGENT, agentCommand, []],
    [AGENT, agentCommand, OPTIONS],
    [ONE_SHOT, applyCommand, []],
    [ONE_SHOT, applyCommand, OPTIONS],
  ] as const)('%s starts a command that takes its options, %# of them', (unit, command, options) => {
    const words = wordsOf(unit, options);
    expect(words.slice(0, 2)).toEqual(['/usr/local/bin/kubelet-sysctls', unit === AGENT ? 'agent' : 'apply']);
    expect(flagsOf(command(), words)).toMatchObject({
      host: true,
      policy: POLICY,
      labels: options.length === 0 ? {} : { pool: 'db' },
    });
  });

  const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  const version = Number(/systemd (\d+)/u.exec(analyze.stdout ?? '')?.[1] ?? 0);

  it.skipIf(version < 250).each([AGENT, ONE_SHOT])(
    '%s is not exposed, as systemd-analyze security rates it',
    (unit) => {
      const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', join(FOLDER, unit)], {
        encoding: 'utf8',
      });
      expect(Number(/Overall exposure level for \S+: ([\d.]+)/u.exec(stdout)?.[1])).toBeLessThan(
        MOST_EXPOSED,
      );
    },
  );
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { agentCommand } from '../../../agent/cli/daemon/agent.ts';
import { type AgentFlags, checkedFlags } from '../../../agent/cli/daemon/host/flags.ts';
import { EXIT, exitCodeOf } from '../../../agent/cli/exit.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The flags that the agent would run with. */
function flagsOf(args: readonly string[], environment: Readonly<Record<string, string>> = {}): unknown {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  let flags: unknown;
  agentCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action((given: unknown) => {
      flags = given;
    })
    .parse(['--node-name', 'n1', ...args], { from: 'user' });
  return flags;
}

describe('the option --wait-for-approval', () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>, boolean]>([
    ['the agent does not wait for approval by default', [], {}, false],
    ['the agent waits for approval with the flag', ['--wait-for-approval'], {}, true],
    [
      'the agent waits for approval with the flag before another flag',
      ['--wait-for-approval', '--jitter-seconds', '3'],
      {},
      true,
    ],
    ['the agent waits for approval when WAIT_FOR_APPROVAL is true', [], { WAIT_FOR_APPROVAL: 'true' }, true],
    ['the agent waits for approval when WAIT_FOR_APPROVAL is 1', [], { WAIT_FOR_APPROVAL: '1' }, true],
    [
      'the agent does not wait for approval when WAIT_FOR_APPROVAL is false',
      [],
      { WAIT_FOR_APPROVAL: 'false' },
      false,
    ],
    [
      'the agent does not wait for approval when WAIT_FOR_APPROVAL is empty',
      [],
      { WAIT_FOR_APPROVAL: '' },
      false,
    ],
  ])('%s', (_title, args, environment, waitForApproval) => {
    expect(flagsOf(args, environment)).toMatchObject({ nodeName: 'n1', waitForApproval });
  });

  it('rejects a WAIT_FOR_APPROVAL that is neither true nor false', () => {
    expect(() => flagsOf([], { WAIT_FOR_APPROVAL: 'yes' })).toThrow('Expected true or false, got yes.');
  });
});

/** The exit code and the usage error of the command with these words and variables. */
function refusalOf(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { readonly code: number | undefined; readonly text: string } {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const printed: string[] = [];
  const command = agentCommand()
    .exitOverride()
    .configureOutput({ writeErr: (text) => printed.push(text) });
  command.action((flags: AgentFlags) => {
    checkedFlags(flags, command);
  });
  try {
    command.parse([...words], { from: 'user' });
    return { code: EXIT.ok, text: '' };
  } catch (error) {
    return { code: exitCodeOf(error), text: printed.join('') };
  }
}

describe('the options of the host', () => {
  const HOST = ['--host', '--policy', '/etc/policy.yaml'];

  it.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
    ['--host runs with a policy alone', HOST, {}, ''],
    ['--host runs beside WAIT_FOR_APPROVAL=false', HOST, { WAIT_FOR_APPROVAL: 'false' }, ''],
    [
      '--host runs with labels, in-use and jitter',
      [...HOST, '--labels=a=b', '--in-use=Proceed', '--jitter-seconds=3'],
      {},
      '',
    ],
    ['the agent of a pod runs with its name', ['--node-name=n1'], {}, ''],
    ['--host needs a policy', ['--host'], {}, 'error: --host needs --policy, got none.'],
    ['--host does not read a policy from standard input', ['--host', '--policy=-'], {}, 'got standard input'],
    ['--host does not take an empty policy', ['--host', '--policy='], {}, 'got nothing'],
    [
      '--host does not wait for an approval',
      [...HOST, '--wait-for-approval'],
      {},
      'does not go with --wait-for-approval',
    ],
    [
      '--host does not wait for an approval by variable',
      HOST,
      { WAIT_FOR_APPROVAL: 'true' },
      '(WAIT_FOR_APPROVAL)',
    ],
    ['--host has no ConfigMap of a cluster', HOST, { CONFIG_MAP: 'other' }, 'does not go with --config-map'],
    [
      'a policy needs --host',
      ['--node-name=n1', '--policy=/p'],
      {},
      'error: --policy needs --host, got none.',
    ],
    ['labels need --host', ['--node-name=n1', '--labels=a=b'], {}, 'error: --labels needs --host'],
    ['in-use needs --host', ['--node-name=n1', '--in-use=Block'], {}, 'error: --in-use needs --host'],
    [
      'the agent of a pod needs the name of its node',
      [],
      {},
      "required option '--node-name <name>' not specified",
    ],
    ['in-use is one of two words', [...HOST, '--in-use=Maybe'], {}, 'Allowed choices are Block, Proceed'],
  ])('%s', (_title, words, environment, expected) => {
    const { code, text } = refusalOf(words, environment);
    expect(code).toBe(expected === '' ? EXIT.ok : EXIT.usage);
    expect(text).toContain(expected);
  });
});

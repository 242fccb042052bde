import { afterEach, describe, expect, it, vi } from 'vitest';
import { agentCommand } from '../../../agent/cli/daemon/agent.ts';

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

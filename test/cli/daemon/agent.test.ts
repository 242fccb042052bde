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

describe('whether the agent waits for approval', () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>, boolean]>([
    ['not by itself', [], {}, false],
    ['by the flag', ['--wait-for-approval'], {}, true],
    ['by the flag, before another one', ['--wait-for-approval', '--jitter-seconds', '3'], {}, true],
    ['by the environment', [], { WAIT_FOR_APPROVAL: 'true' }, true],
    ['by the environment, in short', [], { WAIT_FOR_APPROVAL: '1' }, true],
    ['not where the environment says so', [], { WAIT_FOR_APPROVAL: 'false' }, false],
    ['not where the environment says nothing', [], { WAIT_FOR_APPROVAL: '' }, false],
  ])('%s', (_title, args, environment, waitForApproval) => {
    expect(flagsOf(args, environment)).toMatchObject({ nodeName: 'n1', waitForApproval });
  });

  it('is refused to be anything else', () => {
    expect(() => flagsOf([], { WAIT_FOR_APPROVAL: 'yes' })).toThrow('Expected true or false, got yes.');
  });
});

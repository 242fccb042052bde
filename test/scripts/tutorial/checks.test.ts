import { describe, expect, it } from 'vitest';
import {
  checkAllowed,
  checkAsUser,
  checkCapabilities,
  checkRefused,
  checkSysctls,
} from '../../../scripts/tutorial/checks.ts';
import { TutorialError } from '../../../scripts/kubernetes/errors.ts';

const answer = 'iKubernetes demoapp v1.0 !! ClientIP: 10.1.1.1, ServerName: p, ServerIP: 10.1.1.2!';
const asUser = { node: 'n1', pod: 'p', user: '1001', ps: '1 1001 demoapp', answer };
const capabilities = {
  node: 'n1',
  pod: 'p',
  answer,
  rules: ['-P PREROUTING ACCEPT', '-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80'],
  chown: { exitCode: 1, message: "chown: changing ownership of '/etc/hosts': Operation not permitted" },
};
const refused = {
  node: 'n1',
  pod: 'p',
  reason: 'SysctlForbidden',
  message: 'forbidden sysctl: "net.core.somaxconn" not allowlisted',
};
const settled = { state: 'Done', reason: '', desired: [], running: [], revision: 'r' };
const sysctls = {
  node: 'n1',
  pod: 'p',
  user: '1001',
  sysctls: {
    'kernel.shm_rmid_forced': '0',
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.core.somaxconn': '4096',
  },
  listenerUid: 1001,
  backlog: 4096,
  answer,
};

/** Returns the findings of a check. */
function findings(check: () => void): readonly string[] {
  try {
    check();
  } catch (error) {
    if (error instanceof TutorialError) return error.findings;
    throw error;
  }
  return [];
}

describe('the checks', () => {
  it('find no problem after a successful tutorial', () => {
    expect(findings(() => checkAsUser([asUser]))).toEqual([]);
    expect(findings(() => checkCapabilities([capabilities]))).toEqual([]);
    expect(findings(() => checkRefused([refused]))).toEqual([]);
    expect(findings(() => checkAllowed([{ ...settled, node: 'n1', saysSafe: true }]))).toEqual([]);
    expect(findings(() => checkSysctls([sysctls, { ...sysctls, backlog: undefined }]))).toEqual([]);
  });

  it('name the node, the expected and the found value', () => {
    expect(findings(() => checkAsUser([asUser, { ...asUser, node: 'n2', user: 'root' }]))).toEqual([
      'n2: expected the user of process 1 to be 1001, got root',
    ]);
  });

  it.each([
    ['an answer of another server', () => checkAsUser([{ ...asUser, answer: '' }])],
    ['no redirect', () => checkCapabilities([{ ...capabilities, rules: ['-P PREROUTING ACCEPT'] }])],
    [
      'a chown that works',
      () => checkCapabilities([{ ...capabilities, chown: { exitCode: 0, message: '' } }]),
    ],
    ['another refusal', () => checkRefused([{ ...refused, reason: 'NodeAffinity' }])],
    [
      'a refusal of another sysctl',
      () => checkRefused([{ ...refused, message: 'forbidden sysctl: "kernel.sem"' }]),
    ],
    [
      'a node that does not call the second name safe',
      () => checkAllowed([{ ...settled, node: 'n1', saysSafe: false }]),
    ],
    ['another listener', () => checkSysctls([{ ...sysctls, listenerUid: 0 }])],
    ['another backlog', () => checkSysctls([{ ...sysctls, backlog: 128 }])],
    [
      'a sysctl that was not set',
      () => checkSysctls([{ ...sysctls, sysctls: { ...sysctls.sysctls, 'net.core.somaxconn': '128' } }]),
    ],
  ])('find %s', (_what, check) => {
    expect(findings(check)).toHaveLength(1);
  });
});

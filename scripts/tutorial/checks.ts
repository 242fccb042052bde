// Checks the facts that each lesson collected.

import { TutorialError } from '../kubernetes/errors.ts';
import type { AsUserFacts } from './lessons/as-user.ts';
import type { CapabilitiesFacts } from './lessons/capabilities.ts';
import type { AllowedNode, RefusedFacts, SysctlFacts } from './lessons/sysctls.ts';
import { SAFE_SYSCTL, UNSAFE_SYSCTL } from '../kubernetes/names.ts';
import { APP_PORT, BACKLOG, OTHER_PORT, POD_SYSCTLS, TUTORIAL_UID } from '../kubernetes/pods.ts';

const GREETING = 'iKubernetes demoapp v1.0';
const USER = String(TUTORIAL_UID);

type Check<T> = readonly [
  what: string,
  expected: string,
  got: (facts: T) => string,
  holds: (facts: T) => boolean,
];

const AS_USER: readonly Check<AsUserFacts>[] = [
  ['the user of process 1', USER, ({ user }) => user, ({ user }) => user === USER],
  ['the answer', GREETING, ({ answer }) => answer, ({ answer }) => answer.includes(GREETING)],
];

const CAPABILITIES: readonly Check<CapabilitiesFacts>[] = [
  [
    `the answer on port ${OTHER_PORT}`,
    GREETING,
    ({ answer }) => answer,
    ({ answer }) => answer.includes(GREETING),
  ],
  [
    'the rules of PREROUTING',
    `a redirect of ${OTHER_PORT} to ${APP_PORT}`,
    ({ rules }) => rules.join('; '),
    ({ rules }) =>
      rules.some((rule) => rule.includes(`--dport ${OTHER_PORT}`) && rule.endsWith(`--to-ports ${APP_PORT}`)),
  ],
  [
    'chown',
    'Operation not permitted',
    ({ chown }) => `exit code ${chown.exitCode}: ${chown.message}`,
    ({ chown }) => chown.exitCode !== 0 && chown.message.includes('Operation not permitted'),
  ],
];

const REFUSED: readonly Check<RefusedFacts>[] = [
  [
    'the reason',
    'SysctlForbidden',
    ({ reason, message }) => `${reason}: ${message}`,
    ({ reason }) => reason === 'SysctlForbidden',
  ],
  ['the message', UNSAFE_SYSCTL, ({ message }) => message, ({ message }) => message.includes(UNSAFE_SYSCTL)],
];

const ALLOWED: readonly Check<AllowedNode>[] = [
  [
    'the reason',
    `${SAFE_SYSCTL} already safe, not needed`,
    ({ reason }) => reason,
    ({ saysSafe }) => saysSafe,
  ],
];

const SYSCTLS: readonly Check<SysctlFacts>[] = [
  ['the user of process 1', USER, ({ user }) => user, ({ user }) => user === USER],
  [
    `the owner of port ${APP_PORT}`,
    USER,
    ({ listenerUid }) => String(listenerUid),
    ({ listenerUid }) => listenerUid === TUTORIAL_UID,
  ],
  [
    'the backlog',
    String(BACKLOG),
    ({ backlog }) => String(backlog),
    ({ backlog }) => backlog === undefined || backlog === BACKLOG,
  ],
  ['the answer', GREETING, ({ answer }) => answer, ({ answer }) => answer.includes(GREETING)],
  ...POD_SYSCTLS.map(({ name, value }): Check<SysctlFacts> => [
    name,
    value,
    ({ sysctls }) => sysctls[name] ?? 'nothing',
    ({ sysctls }) => sysctls[name] === value,
  ]),
];

/** Each throws a TutorialError with, for every failing node, what was expected and what was found. */
export const checkAsUser = (facts: readonly AsUserFacts[]): void => check(AS_USER, facts);
export const checkCapabilities = (facts: readonly CapabilitiesFacts[]): void => check(CAPABILITIES, facts);
export const checkRefused = (facts: readonly RefusedFacts[]): void => check(REFUSED, facts);
export const checkAllowed = (facts: readonly AllowedNode[]): void => check(ALLOWED, facts);
export const checkSysctls = (facts: readonly SysctlFacts[]): void => check(SYSCTLS, facts);

function check<T extends { readonly node: string }>(checks: readonly Check<T>[], facts: readonly T[]): void {
  const problems = facts.flatMap((each) =>
    checks
      .filter(([, , , holds]) => !holds(each))
      .map(([what, expected, got]) => `${each.node}: expected ${what} to be ${expected}, got ${got(each)}`),
  );
  if (problems.length > 0) throw new TutorialError('The tutorial failed', problems);
}

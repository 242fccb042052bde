import { describe, expect, it } from 'vitest';
import { accessTo, type AskAccess } from '../../../agent/cluster/api/access.ts';
import { ApiError, InvalidResponseError } from '../../../agent/cluster/http/errors.ts';
import { createTransport } from '../../../agent/cluster/http/transport.ts';
import {
  closedAfterEach,
  faultServer,
  type FaultServer,
  hangUp,
  type Handler,
  json,
  neverAnswer,
  status,
} from '../fault-server.ts';

const TOKEN = 'eyJhbGciOi.secret-of-the-scraper';
const USER = {
  username: 'system:serviceaccount:monitoring:prometheus',
  uid: 'u-1',
  groups: ['system:authenticated'],
  extra: { 'authentication.kubernetes.io/pod-name': ['prometheus-0'] },
};
const VALID = json(201, { status: { authenticated: true, user: USER } });
const open = closedAfterEach();

async function asking(...answers: readonly Handler[]): Promise<{ server: FaultServer; ask: AskAccess }> {
  const server = await faultServer();
  const transport = createTransport(server.credentials(), { requestMs: 300 });
  open.push(server, transport);
  server.answer(...answers);
  return { server, ask: accessTo({ path: '/metrics', verb: 'get' }, transport) };
}

const verdict = (said: object): Handler => json(201, { status: said });

describe('accessTo', () => {
  it('asks whose token it is, then whether exactly that account may do it', async () => {
    const { server, ask } = await asking(VALID, verdict({ allowed: true }));
    expect(await ask(TOKEN)).toBe('allowed');
    expect(server.seen.map(({ method, path, body }) => [method, path, JSON.parse(body)])).toEqual([
      [
        'POST',
        '/apis/authentication.k8s.io/v1/tokenreviews',
        expect.objectContaining({ kind: 'TokenReview', spec: { token: TOKEN } }),
      ],
      [
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        expect.objectContaining({
          kind: 'SubjectAccessReview',
          spec: {
            user: USER.username,
            uid: USER.uid,
            groups: USER.groups,
            extra: USER.extra,
            nonResourceAttributes: { path: '/metrics', verb: 'get' },
          },
        }),
      ],
    ]);
  });

  it.each([{}, { authenticated: false, error: 'expired' }, { authenticated: 'true', user: USER }])(
    'does not know the bearer when the TokenReview says %j, and asks nothing more',
    async (said) => {
      const { server, ask } = await asking(verdict(said));
      expect(await ask(TOKEN)).toBe('unknown');
      expect(server.seen).toHaveLength(1);
    },
  );

  it.each([
    {},
    { allowed: false, reason: 'no rule' },
    { allowed: false, evaluationError: 'webhook is down' },
    { allowed: true, denied: true },
    { allowed: 'true' },
  ])('forbids it when the SubjectAccessReview says %j', async (said) => {
    const { ask } = await asking(VALID, verdict(said));
    expect(await ask(TOKEN)).toBe('forbidden');
  });

  it.each<[string, readonly Handler[]]>([
    ['a review without a status', [json(201, { spec: { token: TOKEN } })]],
    ['a valid token without a user', [verdict({ authenticated: true })]],
    ['a user without a name', [verdict({ authenticated: true, user: { username: '', groups: [] } })]],
    ['no JSON', [(response) => response.end(`{"spec":{"token":"${TOKEN}"`)]],
    ['an access review without a status', [VALID, json(201, { spec: {} })]],
    ['an access review that is a list', [VALID, json(201, [])]],
  ])('rejects %s, and no error repeats the token', async (_what, answers) => {
    const { ask } = await asking(...answers);
    const error: unknown = await ask(TOKEN).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(String(error)).not.toContain('secret');
  });

  it.each<[string, readonly Handler[], object]>([
    [
      'the coordinator may not ask',
      [json(403, status(403, 'Forbidden', 'cannot create resource "tokenreviews"'))],
      { name: ApiError.name, status: 403 },
    ],
    ['the API server is overloaded', [VALID, json(429, {})], { status: 429 }],
    ['the connection ends', [hangUp], { code: 'ECONNRESET' }],
    ['no answer comes', [VALID, neverAnswer], { name: 'TimeoutError' }],
  ])('rejects when %s', async (_what, answers, problem) => {
    const { ask } = await asking(...answers);
    await expect(ask(TOKEN)).rejects.toMatchObject(problem);
  });
});

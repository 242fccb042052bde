import { describe, expect, it } from 'vitest';
import { judge, type Asked } from '../../../../agent/cli/kubectl/dashboard/guard.ts';

const DOOR = { port: 4711, token: 'abcDEF_-123' };
const OWN = 'http://127.0.0.1:4711';
const GET: Asked = {
  method: 'GET',
  url: '/abcDEF_-123/stream?x=1',
  host: '127.0.0.1:4711',
  origin: undefined,
  contentType: undefined,
};
const POST: Asked = {
  method: 'POST',
  url: '/abcDEF_-123/act',
  host: '127.0.0.1:4711',
  origin: OWN,
  contentType: 'application/json',
};

function statusOf(asked: Asked): number | string {
  const verdict = judge(asked, DOOR);
  return verdict.kind === 'refused' ? verdict.status : verdict.kind;
}

describe('the guard of the dashboard', () => {
  it('returns the path behind the token, and the query', () => {
    const verdict = judge(GET, DOOR);
    expect(verdict).toMatchObject({ kind: 'open', path: '/stream' });
    expect(verdict.kind === 'open' && verdict.query.get('x')).toBe('1');
    expect(statusOf(POST)).toBe('open');
  });

  it('sends the address without its last slash to the page', () => {
    expect(judge({ ...GET, url: '/abcDEF_-123' }, DOOR)).toEqual({ kind: 'moved', to: '/abcDEF_-123/' });
  });

  it.each([
    ['another name that resolves to 127.0.0.1', 'evil.example:4711'],
    ['another port', '127.0.0.1:4712'],
    ['no port', '127.0.0.1'],
    ['a name that only begins like ours', 'localhost:4711.evil.example'],
    ['no host', undefined],
  ])('refuses a request whose Host has %s', (_what, host) => {
    expect(statusOf({ ...GET, host })).toBe(421);
    expect(statusOf({ ...POST, host, origin: `http://${host}` })).toBe(421);
  });

  it('answers to localhost, too, which a tunnel of ssh may need', () => {
    expect(statusOf({ ...GET, host: 'LOCALHOST:4711' })).toBe('open');
    expect(statusOf({ ...POST, host: 'localhost:4711', origin: 'http://localhost:4711' })).toBe('open');
  });

  it.each([
    ['no token', '/'],
    ['a part of it', '/abcDEF_-12/'],
    ['more than it', '/abcDEF_-1234/'],
    ['the token in another case', '/ABCDEF_-123/'],
    ['the token in the query', '/?abcDEF_-123'],
    ['the token at another place', '/x/abcDEF_-123/'],
    ['a whole address', 'http://127.0.0.1:4711/abcDEF_-123/'],
    ['nothing', ''],
  ])('answers 404 to a path with %s', (_what, url) => {
    expect(statusOf({ ...GET, url })).toBe(404);
    expect(statusOf({ ...POST, url })).toBe(404);
  });

  it.each([
    'http://evil.example',
    'null',
    'https://127.0.0.1:4711',
    'http://127.0.0.1:4712',
    'http://localhost:4711',
  ])('refuses a request of the page of %s', (origin) => {
    expect(statusOf({ ...GET, origin })).toBe(403);
    expect(statusOf({ ...POST, origin })).toBe(403);
  });

  it('refuses a POST without an Origin, and one whose body a form could send', () => {
    expect(statusOf({ ...POST, origin: undefined })).toBe(403);
    expect(statusOf({ ...POST, contentType: 'text/plain' })).toBe(415);
    expect(statusOf({ ...POST, contentType: undefined })).toBe(415);
    expect(statusOf({ ...POST, contentType: 'application/json; charset=utf-8' })).toBe('open');
  });

  it.each(['PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'])('refuses %s', (method) => {
    expect(statusOf({ ...GET, method })).toBe(405);
  });
});

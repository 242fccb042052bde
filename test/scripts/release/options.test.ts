import { describe, expect, it } from 'vitest';
import { releaseOptions } from '../../../scripts/release/options.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const parse = (...args: string[]) => releaseOptions(args, '/checkout');

describe('the command line of a release', () => {
  it('has only a version by default, and placeholders that no one can own', () => {
    expect(parse('1.2.3')).toEqual({
      version: '1.2.3',
      repository: 'registry.example/kubelet-sysctl-agent',
      url: 'https://releases.example/kubelet-sysctl-agent/1.2.3',
      base: undefined,
      key: undefined,
      out: '/checkout/dist/release',
    });
  });

  it.each([
    'registry.example/a',
    'localhost/a/b',
    'localhost:5000/a',
    'cache:5000/a',
    'ghcr.io/team/a_b-c.d',
  ])('takes the repository %s', (repository) => {
    expect(parse('1.2.3', '--repository', repository)).toMatchObject({ repository });
  });

  it.each([
    'agent',
    'team/agent',
    'ghcr.io/agent:1.2.3',
    `ghcr.io/agent@${DIGEST}`,
    'ghcr.io/Agent',
    'ghcr.io/',
    '',
  ])('refuses the repository "%s", which has no registry, has a tag, or is no name', (repository) => {
    expect(() => parse('1.2.3', '--repository', repository)).toThrow(/Expected --repository/u);
  });

  it.each(['docker.io/library/node:26-slim', 'registry.example:5000/node'])(
    'takes the base %s by digest',
    (name) => {
      expect(parse('1.2.3', '--base', `${name}@${DIGEST}`)).toMatchObject({ base: `${name}@${DIGEST}` });
    },
  );

  it.each([
    'docker.io/library/node:26-slim',
    `node:26-slim@${DIGEST}`,
    `docker.io/library/node@${DIGEST.slice(0, -1)}`,
  ])('refuses the base %s, which is another image tomorrow or elsewhere', (base) => {
    expect(() => parse('1.2.3', '--base', base)).toThrow(/Expected --base/u);
  });

  it('takes a URL without the slash at its end, and refuses what is none', () => {
    expect(parse('1.2.3', '--url', 'https://a.example/v1//')).toMatchObject({ url: 'https://a.example/v1' });
    expect(() => parse('1.2.3', '--url', 'a.example')).toThrow(/Expected --url/u);
  });

  it.each([[[]], [['1.2.3', '1.2.4']]])('refuses the versions %j', (versions) => {
    expect(() => parse(...versions)).toThrow(/Expected one version/u);
  });

  it('is help with -h', () => {
    expect(parse('-h')).toBeUndefined();
  });
});

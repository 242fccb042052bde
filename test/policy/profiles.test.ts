import { describe, expect, it } from 'vitest';
import { ErrorList } from '../../agent/policy/error-list.ts';
import { readProfiles } from '../../agent/policy/profiles.ts';

describe('readProfiles', () => {
  it('reads names as a block of lines, as a text of one line and as a list, each with its line', () => {
    const { profiles, errors } = read(`# pools
- name: gpu
  nodeSelector:
    pool: gpu
    example.com/Zone_1: ''
  allowedUnsafeSysctls: |
    net.core.*   # all of it

    kernel.sem,kernel.msg*
- name: edge
  nodeSelector: {pool: edge}
  allowedUnsafeSysctls: net.a, net.*
- name: list
  nodeSelector: {pool: list}
  allowedUnsafeSysctls:
    - net.b
    - "net.*"
`);
    expect(errors).toEqual([]);
    expect(profiles).toEqual([
      {
        name: 'gpu',
        nodeSelector: { pool: 'gpu', 'example.com/Zone_1': '' },
        entries: [entry('net.core.*', 7), entry('kernel.sem', 9), entry('kernel.msg*', 9)],
      },
      { name: 'edge', nodeSelector: { pool: 'edge' }, entries: [entry('net.a', 12), entry('net.*', 12)] },
      { name: 'list', nodeSelector: { pool: 'list' }, entries: [entry('net.b', 16), entry('net.*', 17)] },
    ]);
  });

  it.each(['', '# none\n', '[]', '---\n', 'null'])('finds no profile in %j', (text) => {
    expect(read(text)).toEqual({ profiles: [], errors: [] });
  });

  it.each([
    ['a map at the top', 'name: a', 1, /YAML list/u],
    ['broken YAML', '- name: a\n  nodeSelector: [', 2, /./u],
    ['several documents', '- name: a\n---\n- name: b', 3, /several documents/u],
    ['an alias', '- name: &n a\n  nodeSelector: {a: *n}', 2, /alias \*n/u],
    ['an alias without an anchor', '- name: *n', 1, /./u],
    ['a tag of its own', '- !js/function x', 1, /tag/u],
    ['a key twice', '- name: a\n  name: b', 2, /"name" twice/u],
    ['a list as a key', '- name: a\n  ? [x]\n  : y', 2, /list or a map/u],
    ['tabs', '-\tname: a\n\tnodeSelector: {}', 2, /./u],
    ['an item that is no map', '\n- gpu', 2, /profile with name.*got "gpu"/u],
  ])('refuses %s', (_, text, line, message) => {
    expect(read(text).errors).toContainEqual({
      key: 'profiles',
      line,
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['an unknown field', { extra: '  nodeSelectors: {}' }, 4, /Did you mean nodeSelector\?/u],
    ['no name', { name: '' }, 2, /to have name/u],
    ['an empty name', { name: "  name: ''" }, 1, /name to be text, got ""/u],
    [
      'a name that is a number',
      { name: '  name: 007' },
      1,
      /the number 007. To fix it, put it in quotes: '007'/u,
    ],
    ['no selector', { selector: '' }, 1, /to have nodeSelector/u],
    ['an empty selector', { selector: '  nodeSelector: {}' }, 2, /at least one label/u],
    ['a selector of nothing', { selector: '  nodeSelector:' }, 2, /got nothing/u],
    [
      'a selector that is text',
      { selector: '  nodeSelector: a=b' },
      2,
      /map of at least one label, got "a=b"/u,
    ],
    ['a boolean label', { selector: '  nodeSelector: {gpu: true}' }, 2, /quotes: 'true'/u],
    ['a number as a label', { selector: '  nodeSelector: {gpu: 1}' }, 2, /quotes: '1'/u],
    ['a label without value', { selector: '  nodeSelector:\n    gpu:' }, 3, /got nothing/u],
    ['a label key that no node has', { selector: "  nodeSelector: {'-a': b}" }, 2, /label key/u],
    ['a label key with two slashes', { selector: '  nodeSelector: {a/b/c: b}' }, 2, /label key/u],
    ['a label prefix in capitals', { selector: '  nodeSelector: {A.b/c: b}' }, 2, /label key/u],
    ['a label value that no node has', { selector: '  nodeSelector: {a: b c}' }, 2, /label value/u],
    ['a label value of 64', { selector: `  nodeSelector: {a: ${'b'.repeat(64)}}` }, 2, /at most 63/u],
    ['no list', { list: '' }, 1, /to have allowedUnsafeSysctls/u],
    ['a map as the list', { list: '  allowedUnsafeSysctls: {net.a: 1}' }, 3, /text or a list/u],
    ['lines that YAML joins', { list: '  allowedUnsafeSysctls: >\n    net.a\n    net.b' }, 3, /Write '\|'/u],
    ['a number in the list', { list: '  allowedUnsafeSysctls: [net.a, 3]' }, 3, /the number 3/u],
  ])('refuses a profile with %s', (_, parts, line, message) => {
    const { name, selector, list, extra } = { ...PROFILE, ...parts };
    const text = `-${name.slice(1) || ' # no name'}\n${[selector, list, extra].filter((part) => part !== '').join('\n')}`;
    expect(read(text).errors).toEqual([{ key: 'profiles', line, message: expect.stringMatching(message) }]);
  });

  it('refuses two profiles with one name', () => {
    expect(read(sameButFor('a') + sameButFor('b')).errors).toEqual([]);
    expect(read(sameButFor('a') + sameButFor('a')).errors).toMatchObject([{ line: 2 }]);
  });

  it('refuses a text that is too long', () => {
    expect(read('#'.repeat(300_000)).errors).toMatchObject([{ key: 'profiles', line: 1 }]);
  });
});

const PROFILE = {
  name: '  name: a',
  selector: '  nodeSelector: {a: b}',
  list: '  allowedUnsafeSysctls: net.a',
  extra: '',
};

function sameButFor(name: string): string {
  return `- {name: ${name}, nodeSelector: {a: b}, allowedUnsafeSysctls: net.a}\n`;
}

function entry(pattern: string, line: number) {
  return { pattern, key: 'profiles', line };
}

function read(text: string) {
  const errors = new ErrorList();
  const profiles = readProfiles(text, errors);
  return { profiles, errors: errors.list() };
}

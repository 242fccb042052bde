import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesIn, withNames, withoutNames } from '../../../scripts/kubernetes/list-text.ts';

const TWO = ['net.core.somaxconn', 'net.ipv4.ip_unprivileged_port_start'];

describe('withNames', () => {
  it('starts an empty list', () => {
    expect(withNames('', TWO)).toEqual({
      text: 'net.core.somaxconn\nnet.ipv4.ip_unprivileged_port_start\n',
      added: TWO,
    });
  });

  it('adds a newline to the last line, and keeps comments', () => {
    expect(withNames('kernel.shm* # db', TWO).text).toBe(
      'kernel.shm* # db\nnet.core.somaxconn\nnet.ipv4.ip_unprivileged_port_start\n',
    );
  });

  it('adds only missing names, wherever the others are in the text', () => {
    expect(withNames('net.ipv4.ip_unprivileged_port_start,kernel.sem\n', TWO).added).toEqual([
      'net.core.somaxconn',
    ]);
    expect(withNames(' net.core.somaxconn', ['net.core.somaxconn'])).toEqual({
      text: ' net.core.somaxconn',
      added: [],
    });
  });

  it('ignores a name in a comment', () => {
    expect(withNames('# net.core.somaxconn\n', ['net.core.somaxconn']).added).toEqual(['net.core.somaxconn']);
  });
});

describe('withoutNames', () => {
  it('removes a line with only the name, or the name from a line with several', () => {
    expect(withoutNames('kernel.sem\nnet.core.somaxconn\n', TWO)).toBe('kernel.sem\n');
    expect(withoutNames('kernel.sem,net.core.somaxconn # both\n', TWO)).toBe('kernel.sem # both\n');
  });

  it('keeps names that only start alike', () => {
    expect(withoutNames('net.core.somaxconn2\nnet.core.*\n', TWO)).toBe('net.core.somaxconn2\nnet.core.*\n');
  });

  const name = fc.constantFrom('kernel.sem', 'net.core.*', 'net.ipv4.tcp_rmem', ...TWO);
  const line = fc
    .tuple(fc.array(name, { maxLength: 3 }), fc.constantFrom('', ' ', ' # why', '#'))
    .map(([names, rest]) => names.join(', ') + rest);
  const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'));

  it('adding puts the names into the list and keeps the order of the others', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = namesIn(withNames(before, TWO).text);
        expect(after.slice(0, namesIn(before).length)).toEqual(namesIn(before));
        expect(after).toEqual(expect.arrayContaining(TWO));
      }),
    );
  });

  it('removing leaves exactly the other names, in their order', () => {
    fc.assert(
      fc.property(text, (before) => {
        const others = namesIn(before).filter((each) => !TWO.includes(each));
        expect(namesIn(withoutNames(before, TWO))).toEqual(others);
      }),
    );
  });

  it('adding and removing names restores a text that had none of them', () => {
    fc.assert(
      fc.property(text, (before) => {
        const without = withoutNames(before, TWO);
        const again = withoutNames(withNames(without, TWO).text, TWO);
        expect(again).toBe(without === '' || without.endsWith('\n') ? without : `${without}\n`);
      }),
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesIn, withNames, withoutNames } from '../../../scripts/kubernetes/list-text.ts';

const TWO = ['net.core.somaxconn', 'net.ipv4.ip_unprivileged_port_start'];

describe('withNames', () => {
  it('begins a list', () => {
    expect(withNames('', TWO)).toEqual({
      text: 'net.core.somaxconn\nnet.ipv4.ip_unprivileged_port_start\n',
      added: TWO,
    });
  });

  it('ends a last line that has no newline, and keeps comments', () => {
    expect(withNames('kernel.shm* # db', TWO).text).toBe(
      'kernel.shm* # db\nnet.core.somaxconn\nnet.ipv4.ip_unprivileged_port_start\n',
    );
  });

  it('adds only what is missing, wherever in the text the rest stands', () => {
    expect(withNames('net.ipv4.ip_unprivileged_port_start,kernel.sem\n', TWO).added).toEqual([
      'net.core.somaxconn',
    ]);
    expect(withNames(' net.core.somaxconn', ['net.core.somaxconn'])).toEqual({
      text: ' net.core.somaxconn',
      added: [],
    });
  });

  it('takes a name in a comment for none', () => {
    expect(withNames('# net.core.somaxconn\n', ['net.core.somaxconn']).added).toEqual(['net.core.somaxconn']);
  });
});

describe('withoutNames', () => {
  it('takes a line of its own away, and one name out of several', () => {
    expect(withoutNames('kernel.sem\nnet.core.somaxconn\n', TWO)).toBe('kernel.sem\n');
    expect(withoutNames('kernel.sem,net.core.somaxconn # both\n', TWO)).toBe('kernel.sem # both\n');
  });

  it('leaves names alone that only begin alike', () => {
    expect(withoutNames('net.core.somaxconn2\nnet.core.*\n', TWO)).toBe('net.core.somaxconn2\nnet.core.*\n');
  });

  const name = fc.constantFrom('kernel.sem', 'net.core.*', 'net.ipv4.tcp_rmem', ...TWO);
  const line = fc
    .tuple(fc.array(name, { maxLength: 3 }), fc.constantFrom('', ' ', ' # why', '#'))
    .map(([names, rest]) => names.join(', ') + rest);
  const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'));

  it('adding makes the names part of the list and moves no other', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = namesIn(withNames(before, TWO).text);
        expect(after.slice(0, namesIn(before).length)).toEqual(namesIn(before));
        expect(after).toEqual(expect.arrayContaining(TWO));
      }),
    );
  });

  it('taking out leaves exactly the other names, in their order', () => {
    fc.assert(
      fc.property(text, (before) => {
        const others = namesIn(before).filter((each) => !TWO.includes(each));
        expect(namesIn(withoutNames(before, TWO))).toEqual(others);
      }),
    );
  });

  it('adding and taking out again gives the text back that had none of them', () => {
    fc.assert(
      fc.property(text, (before) => {
        const without = withoutNames(before, TWO);
        const again = withoutNames(withNames(without, TWO).text, TWO);
        expect(again).toBe(without === '' || without.endsWith('\n') ? without : `${without}\n`);
      }),
    );
  });
});

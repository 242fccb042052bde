import { describe, expect, it } from 'vitest';
import { houseOf } from '../../../scripts/architecture/rooms.ts';
import { svgOf } from '../../../scripts/architecture/svg.ts';

/** `a.ts -> b.ts`, or `a.ts ~> b.ts` for a type-only import. */
function house(...lines: readonly string[]): ReturnType<typeof houseOf> {
  const imports = lines.map((line) => {
    const [from = '', kind, to = ''] = line.split(' ');
    return { from, to, isType: kind === '~>' };
  });
  return houseOf({ files: [...new Set(imports.flatMap(({ from, to }) => [from, to]))].toSorted(), imports });
}

function arrows(...lines: readonly string[]): readonly string[] {
  return house(...lines).arrows.map(
    ({ from, to, isType, isCircle }) => `${from} ${isType ? '~>' : '->'} ${to}${isCircle ? ' circle' : ''}`,
  );
}

describe('the rooms', () => {
  it('are the folders, or the subfolders of some, with the number of their files', () => {
    const { folders } = house('main.ts -> cli/a/b.ts', 'cli/c.ts -> cli/a/b.ts', 'cli/a/b.ts -> host/x/y.ts');
    expect(folders).toEqual([
      { name: '', files: 1, rooms: [] },
      {
        name: 'cli',
        files: 2,
        rooms: [
          { name: 'cli/', files: 1 },
          { name: 'cli/a', files: 1 },
        ],
      },
      { name: 'host', files: 1, rooms: [] },
    ]);
  });

  it('separate the top files that the rooms import from those that import the rooms', () => {
    const lines = ['node/agent.ts -> node/change/arm.ts', 'node/change/arm.ts ~> node/ports.ts'];
    expect(arrows(...lines)).toEqual(['node/ -> node/change', 'node/change ~> node/*']);
  });
});

describe('the file of names', () => {
  it('is a separate room from the entry points beside it', () => {
    expect(arrows('main.ts -> cli/a.ts', 'cli/a.ts -> names.ts')).toEqual([' -> cli', 'cli -> names']);
  });
});

describe('the arrows', () => {
  it('are drawn once, as type-only when no value is imported', () => {
    expect(arrows('plan/a.ts ~> text/a.ts', 'plan/b.ts -> text/a.ts', 'policy/a.ts ~> text/a.ts')).toEqual([
      'plan -> text',
      'policy ~> text',
    ]);
  });

  it('are left out when other arrows imply them', () => {
    expect(arrows('a/1.ts -> b/1.ts', 'b/1.ts -> c/1.ts', 'a/1.ts -> c/1.ts')).toEqual(['a -> b', 'b -> c']);
  });

  it('are marked in a cycle', () => {
    expect(arrows('a/1.ts -> b/1.ts', 'b/2.ts -> a/2.ts', 'b/1.ts -> c/1.ts')).toEqual([
      'a -> b circle',
      'b -> a circle',
      'b -> c',
    ]);
  });
});

describe('the picture', () => {
  it('has a box for each room and says its arrows in words', () => {
    const svg = svgOf(house('main.ts -> cli/a.ts', 'cli/a.ts -> brandnew/b.ts'));
    expect(svg).toContain('>brandnew</text>');
    expect(svg).toContain('entry points imports cli. cli imports brandnew.');
  });

  it('is the same for any order of the imports', () => {
    const [first, second] = ['node/a.ts -> node/x/b.ts', 'node/x/b.ts -> text/c.ts'];
    expect(svgOf(house(first, second))).toBe(svgOf(house(second, first)));
  });
});

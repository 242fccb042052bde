import { describe, expect, it } from 'vitest';
import { packagesIn } from '../../../../scripts/bench/image/contents.ts';
import { parseImageCommand } from '../../../../scripts/bench/image/options.ts';
import { imageReport } from '../../../../scripts/bench/image/report.ts';
import { startTicks } from '../../../../scripts/bench/image/starts.ts';

describe('npm run bench:image', () => {
  it("reads the names of packages from dpkg's database, sorted", () => {
    const status =
      'Package: libc6\nStatus: install ok installed\n\nPackage: base-files\nDescription: x\n Package: none\n';
    expect(packagesIn(status)).toEqual(['base-files', 'libc6']);
  });

  it('reads when a process was started, whatever its name', () => {
    const before = '7 (a) b (c) S 1 7 7 0 -1 4194304 1 0 0 0 3 1 0 0 20 0 7 0';
    expect(startTicks(`${before} 8462 1200 330`)).toBe(8462);
  });

  it('shows both images side by side, and which packages only the second has', () => {
    const small = { packedBytes: 62_400_000, unpackedBytes: 194_600_000, packages: ['base-files', 'libc6'] };
    const plain = {
      packedBytes: 88_500_000,
      unpackedBytes: 250_000_000,
      packages: ['apt', 'base-files', 'bash', 'libc6'],
    };
    const text = imageReport([
      { title: 'one', contents: small, startMs: [310, 300, 340] },
      { title: 'two', contents: plain, startMs: [320] },
    ]);
    expect(text.split('\n').map((line) => line.replaceAll(/ +/gu, ' '))).toEqual([
      '| | one | two |',
      expect.stringMatching(/^[| -]+$/u),
      '| packed, as a node downloads it | 62 MB | 89 MB |',
      '| unpacked | 195 MB | 250 MB |',
      '| Debian packages | 2 | 4 |',
      '| start of the container → first report | 310 ms (300–340) | 320 ms (320–320) |',
      '',
      'In one: base-files libc6',
      '',
      'Only in two: apt bash',
    ]);
  });

  it('takes the number of rounds, and nothing else', () => {
    expect(parseImageCommand(['--rounds', '3'])).toEqual({ kind: 'run', options: { rounds: 3 } });
    expect(parseImageCommand(['--help']).kind).toBe('help');
    for (const args of [['--rounds', '0'], ['--fast'], ['stray']]) {
      expect(parseImageCommand(args).kind).toBe('usage');
    }
  });
});

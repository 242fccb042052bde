// Writes a tar archive (ustar) in memory. Pure.

export interface TarFile {
  /** Below 100 bytes, ASCII. */
  readonly name: string;
  readonly content: string;
}

const BLOCK = 512;

/** Returns the archive; all files have this time, and are for their owner alone. */
export function tarOf(files: readonly TarFile[], at: Date): Buffer {
  const parts = files.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content, 'utf8');
    return [header(name, bytes.length, at), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  // Two empty blocks end an archive.
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, size: number, at: Date): Buffer {
  const block = Buffer.alloc(BLOCK);
  const fields: readonly (readonly [offset: number, text: string])[] = [
    [0, name],
    [100, octal(0o600, 7)],
    [108, octal(0, 7)],
    [116, octal(0, 7)],
    [124, octal(size, 11)],
    [136, octal(Math.floor(at.getTime() / 1000), 11)],
    // The checksum counts its own field as spaces.
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\u000000'],
  ];
  for (const [offset, text] of fields) block.write(text, offset, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`;
}

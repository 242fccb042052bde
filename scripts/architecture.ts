// npm run architecture: draws the rooms of agent/ from the imports of its files.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorText } from '../agent/text/error-text.ts';
import { readSource } from './architecture/imports.ts';
import { houseOf } from './architecture/rooms.ts';
import { svgOf } from './architecture/svg.ts';

const CHECKOUT = join(import.meta.dirname, '..');
const OUT = 'docs/architecture.svg';

const HELP = `Usage: npm run architecture [-- --check]

Draws ${OUT} from the imports of agent/**/*.ts: the folders, and which of them imports which.

Options:
  --check      draws nothing; checks that the picture is current
  -h, --help   show this help

Exit codes: 0 drawn or current, 1 not current, 2 wrong usage.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const check = parse(args);
  if (typeof check === 'number') return check;
  const file = join(CHECKOUT, OUT);
  const drawn = svgOf(houseOf(await readSource(join(CHECKOUT, 'agent'))));
  if (!check) {
    await writeFile(file, drawn);
    process.stdout.write(`Drawn: ${OUT}\n`);
    return 0;
  }
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found === drawn) return 0;
  process.stderr.write(
    `${OUT} does not show the imports of today. Run npm run architecture and commit it.\n`,
  );
  return 1;
}

/** True for --check; an exit code when the command line leaves nothing to do. */
function parse(args: string[]): boolean | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return values.check;
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n\n${HELP}`);
    return 2;
  }
}

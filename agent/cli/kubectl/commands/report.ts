// `kubectl sysctls report`: writes a bounded archive for a bug report, without secrets and addresses.

import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorText } from '../../../text/error-text.ts';
import { quote } from '../../../text/quote.ts';
import { EXIT, Exit } from '../../exit.ts';
import type { Program } from '../context.ts';
import { UserError } from '../errors.ts';
import { reportFiles } from '../report/files.ts';
import { gather } from '../report/gather.ts';
import { LIMITS } from '../report/limits.ts';
import { tarOf } from '../report/tar.ts';
import { readVersions } from './version.ts';

const MIB = 1024 * 1024;
const HELP = `
The archive has the nodes' annotations, labels and conditions of ours, our ConfigMaps, our Events,
our pods and their logs, and the versions: at most ${LIMITS.totalBytes / MIB} MiB before compression, ${LIMITS.logs} logs of
${LIMITS.logBytes / 1024} KiB and ${LIMITS.events} Events.
Secrets, tokens and IP addresses are left out by their form. Read it before you publish it.
What you may not read is named on standard error and in README.txt of the archive.

Exit codes: 0 written; 1 not written, or you may read nothing of it; 2 wrong usage.`;

/** The command `report`. Throws a UserError when the file exists or cannot be written. */
export function reportCommand(program: Program): Command {
  return new Command('report')
    .description('write an archive for a bug report, without secrets and IP addresses')
    .option('-f, --filename <file>', 'the file to write; default: kubectl-sysctls-report-TIME.tar.gz here')
    .addHelpText('after', HELP)
    .action(async ({ filename }: { readonly filename?: string }) => {
      const session = program.session();
      const at = new Date();
      const [gathered, versions] = await Promise.all([gather(session), readVersions(session)]);
      for (const { what, permission } of gathered.unread) {
        program.stderr.write(`warning: ${what} not read. ${permission}\n`);
      }
      if (gathered.unread.length === THINGS) throw new Exit(EXIT.no);
      const file =
        filename ?? `kubectl-sysctls-report-${at.toISOString().replaceAll(/[-:]|\..*/gu, '')}Z.tar.gz`;
      await writeNew(file, await promisify(gzip)(tarOf(reportFiles(gathered, versions, at), at)));
      program.stdout.write(`${file}\n`);
    });
}

/** Nodes, policy, status, pods and two kinds of Events; without pods no log is asked for. */
const THINGS = 6;

/** Writes a file for its owner alone. Throws a UserError when there is one of this name already. */
async function writeNew(file: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new UserError(
      isThere
        ? `Expected no file ${quote(file)}, found one. Nothing was written. Name another with -f.`
        : `Expected to write ${quote(file)}: ${errorText(error)}. Name another file with -f.`,
      { cause: error },
    );
  }
}

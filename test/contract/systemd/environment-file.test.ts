// Compares our reading and editing of environment files with systemd's own parser.

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8, fromByteString } from '../../../agent/kubelet/environment/bytes.ts';
import {
  EnvironmentFileError,
  parseEnvironmentFile,
} from '../../../agent/kubelet/environment/environment-file.ts';
import { expandExecStart } from '../../../agent/kubelet/exec-start.ts';
import { readQuotedWords } from '../../../agent/kubelet/quoted-words.ts';
import { planChange } from '../../../agent/plan/plan.ts';
import { allowances, anyFile, goodFile } from '../../kubelet/arbitraries.ts';
import { kubeadmUnit, NOTHING_APPLIED, NO_CONFIG } from '../../kubelet/units.ts';
import { runs } from '../runs.ts';
import { findLibrary, RealSystemd, type Library } from './real-systemd.ts';

const FOUND = findLibrary();
const WHY_NOT = typeof FOUND === 'string' ? FOUND : undefined;
const LIBRARY: Library = typeof FOUND === 'string' ? { path: '', version: 0 } : FOUND;
const RUN = runs(4000);
const VARIABLE_WORDS = ['$KUBELET_EXTRA_ARGS', '$A', '$B', '$UNSET', '$', '$A/x', '$$A', '$ '];
const argvWord = fc.oneof(
  fc.constantFrom(...VARIABLE_WORDS),
  fc
    .array(fc.constantFrom('$', '{', '}', '${A}', '${B', 'A', 'B', ':', '-', ' ', '"', '\\', '$$', '${}'), {
      maxLength: 8,
    })
    .map((parts) => parts.join('')),
);
const argv = fc.array(argvWord, { minLength: 1, maxLength: 4 });

describe.skipIf(WHY_NOT !== undefined)(
  `systemd ${LIBRARY.version} (${WHY_NOT ?? `seed ${RUN.seed}`})`,
  () => {
    let real: RealSystemd;
    beforeAll(async () => {
      real = await RealSystemd.start(LIBRARY);
    });
    afterAll(() => real.close());

    it('reads the same variables and words from any file as our parser, and rejects the same files', async () => {
      const seen = { read: 0, dropped: 0, words: 0 };
      await fc.assert(
        fc.asyncProperty(anyFile, argv, async (text, execStart) => {
          const theirs = await real.read(fromByteString(text), ['$KUBELET_EXTRA_ARGS', ...execStart]);
          const ours = read(text, LIBRARY.version);
          seen[theirs === undefined ? 'dropped' : 'read'] += 1;
          expect(ours).toEqual(theirs?.variables);
          if (ours === undefined || theirs === undefined) return;
          const words = expandExecStart(['$KUBELET_EXTRA_ARGS', ...execStart], ours).map((word) => word.text);
          seen.words += words.length;
          expect(words).toEqual(theirs.words);
        }),
        RUN,
      );
      // The generator must produce enough of each kind.
      expect(seen.dropped).toBeGreaterThan(RUN.numRuns / 20);
      expect(seen.read).toBeGreaterThan(RUN.numRuns / 4);
      expect(seen.words).toBeGreaterThan(RUN.numRuns);
    });

    it('reads the same variables as our parser without a version, unless ours refuses the file', async () => {
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(anyFile, async (text) => {
          const ours = read(text, undefined);
          refused += ours === undefined ? 1 : 0;
          const theirs = await real.read(fromByteString(text), []);
          expect(ours).toEqual(ours === undefined ? undefined : theirs?.variables);
        }),
        RUN,
      );
      expect(refused).toBeLessThan(RUN.numRuns / 2);
    });

    it('prints arrays of strings that our parser of systemctl show reads back', async () => {
      const text = fc.string({ unit: 'binary', minLength: 1 }).filter((one) => !one.includes('\0'));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(text, goodFile.map(withoutNul))), async (texts) => {
          const strings = texts.filter((one) => one !== '');
          const printed = decodeUtf8(await real.quote(strings.map(encodeUtf8)));
          expect(readQuotedWords(printed)).toEqual({ words: strings, rest: '' });
        }),
        RUN,
      );
    });

    it.each([
      ['any file', anyFile],
      ['files as people write them', goodFile],
    ])('reads the planned words from an edit of %s, and every other variable unchanged', async (_, files) => {
      let edits = 0;
      await fc.assert(
        fc.asyncProperty(files, allowances, allowances, async (text, desired, ours) => {
          const content = fromByteString(text);
          const plan = planChange({
            unit: { ...kubeadmUnit(content), systemdVersion: LIBRARY.version },
            config: NO_CONFIG,
            desired,
            lastApplied: { ...NOTHING_APPLIED, ours },
            unmanaged: 'Keep',
            goal: 'Apply',
            brokenStart: 'Report',
          });
          if (plan.kind !== 'planned' || !plan.changed) return;
          edits += 1;
          const before = await real.read(content, ['$KUBELET_EXTRA_ARGS']);
          const after = await real.read(plan.after ?? new Uint8Array(), ['$KUBELET_EXTRA_ARGS']);
          expect(before?.words).toEqual(plan.words.before.map(encodeUtf8));
          expect(after?.words).toEqual(plan.words.after.map(encodeUtf8));
          expect(others(after?.variables)).toEqual(others(before?.variables));
        }),
        RUN,
      );
      expect(edits).toBeGreaterThan(RUN.numRuns / 20);
    });
  },
);

/** The variables as our parser reads them, as byte strings; undefined when it refuses the file. */
function read(text: string, version: number | undefined): Map<string, string> | undefined {
  try {
    const { assignments } = parseEnvironmentFile(fromByteString(text), version);
    return new Map(assignments.map(({ key, bytes }) => [key, bytes]));
  } catch (error) {
    if (error instanceof EnvironmentFileError) return undefined;
    throw error;
  }
}

function withoutNul(text: string): string {
  return text.replaceAll('\0', '');
}

function others(variables: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  return new Map([...(variables ?? [])].filter(([key]) => key !== 'KUBELET_EXTRA_ARGS'));
}

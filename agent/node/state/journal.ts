// The journal of a change: what the agent or the host's undo script needs to complete or undo it.

import * as v from 'valibot';
import type { FlagEdit } from '../../plan/revert.ts';
import { pastChangeSchema } from '../../report/past-change.ts';
import { sha256Of } from '../../text/hash.ts';
import { committedSchema, lastAppliedSchema, originalSchema, originalsSchema } from './schema.ts';

/** The part that only the agent reads, in one line of JSON. */
const agentSchema = v.object({
  /** The variable that the change edits; null: the file is the agent's drop-in. Absent where an older agent wrote it: KUBELET_EXTRA_ARGS. */
  variable: v.optional(v.nullable(v.string())),
  healthz: v.nullable(v.object({ address: v.string(), port: v.number() })),
  /** What the new kubelet must allow. */
  desired: v.pipe(v.array(v.string()), v.readonly()),
  nodeSoakSeconds: v.number(),
  /** Selectors of the profiles whose allowances it includes; absent where an older agent wrote it. */
  profiles: v.optional(v.pipe(v.array(v.string()), v.readonly())),
  /** The key of the situation before the change, for the backoff after a failure. */
  situation: v.string(),
  past: v.omit(pastChangeSchema, ['result', 'why']),
  /** The saved state before the change, restored when a change is undone that was saved but not committed. */
  remembered: committedSchema,
  /** To save once the change is committed. */
  lastApplied: lastAppliedSchema,
  originals: originalsSchema,
  /** In place of `originals`, where an older agent wrote it. */
  original: v.optional(originalSchema),
  /** The kubelet's other environment files before the change: a change may be moved there. Absent where an older agent wrote it. */
  others: v.optional(
    v.pipe(
      v.array(
        v.object({
          path: v.string(),
          /** Base64; null: there was no file. */
          bytes: v.nullable(v.string()),
        }),
      ),
      v.readonly(),
    ),
  ),
});

export interface Journal extends Readonly<v.InferOutput<typeof agentSchema>> {
  readonly unit: string;
  /** The kubelet's InvocationID before the change: that process was not started with the change. */
  readonly invocation: string;
  readonly file: string;
  /** The file's bytes before the change; undefined: there was no file. */
  readonly before: Uint8Array | undefined;
  /** SHA-256 of its bytes after the change; null: the change removes the file. */
  readonly after: string | null;
  /** To revert a file that another party wrote during the change. */
  readonly flag: FlagEdit;
}

const TITLE = 'kubelet-sysctl-agent change 1';
const NO_FILE = 'none';
const NO_FLAG = 'none';

/** Returns lines of `key value`; the last is the SHA-256 of all lines before it. Throws when a value has a line break. */
export function printJournal({ unit, invocation, file, before, after, flag, ...agent }: Journal): string {
  const fields = {
    unit,
    invocation,
    file,
    before: sha256Of(before) ?? NO_FILE,
    after: after ?? NO_FILE,
    flag: flag.after ?? NO_FLAG,
    'flag-before': flag.before ?? NO_FLAG,
    bytes: before === undefined ? '' : Buffer.from(before).toString('base64'),
    agent: JSON.stringify(agent),
  };
  const lines = [
    ...Object.entries(fields).map(([key, value]) => `${key} ${value}`),
    ...(agent.others ?? [])
      .filter(({ path }) => !/[\n\r\0]/u.test(path))
      .map(
        ({ path, bytes }) =>
          `other ${(bytes === null ? null : sha256Of(Buffer.from(bytes, 'base64'))) ?? NO_FILE} ${path}`,
      ),
  ];
  const broken = lines.find((line) => /[\n\r\0]/u.test(line));
  if (broken !== undefined) {
    throw new Error(`Expected ${JSON.stringify(broken)} to be one line of text.`);
  }
  const body = [TITLE, ...lines].map((line) => `${line}\n`).join('');
  return `${body}sha256 ${sha256Of(Buffer.from(body))}\n`;
}

/** Parses the text of `printJournal`. Throws when a byte of it has changed. */
export function parseJournal(text: string): Journal {
  const end = text.lastIndexOf('\nsha256 ') + 1;
  const body = text.slice(0, end);
  if (end === 0 || text !== `${body}sha256 ${sha256Of(Buffer.from(body))}\n`) {
    throw new Error('Expected the last line to be the SHA-256 of the lines before it, got another one.');
  }
  const [title, ...lines] = body.trimEnd().split('\n');
  if (title !== TITLE) {
    throw new Error(`Expected ${TITLE}, got ${title}.`);
  }
  const fields = new Map(lines.map((line): [string, string] => splitOnce(line)));
  const field = (key: string): string => fields.get(key) ?? '';
  // A journal of an older agent has no flag lines.
  const flag = (key: string): string | undefined =>
    [NO_FLAG, ''].includes(field(key)) ? undefined : field(key);
  return {
    unit: field('unit'),
    invocation: field('invocation'),
    file: field('file'),
    before: field('before') === NO_FILE ? undefined : Buffer.from(field('bytes'), 'base64'),
    after: field('after') === NO_FILE ? null : field('after'),
    flag: { before: flag('flag-before'), after: flag('flag') },
    ...v.parse(agentSchema, JSON.parse(field('agent'))),
  };
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(' ');
  return [line.slice(0, at), line.slice(at + 1)];
}

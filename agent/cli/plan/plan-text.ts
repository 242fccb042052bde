// The answer of `plan` as text.

import type { Colors } from '../colors.ts';
import type { PlanAnswer, PlanErrorData } from './plan-answer.ts';
import { errorLine } from '../validate/validation-text.ts';

const CONTEXT_LINES = 3;

/** Returns the unified diff, the reason and the notes; ends in a newline. */
export function planText({ plan, notes }: Pick<PlanAnswer, 'plan' | 'notes'>, colors: Colors): string {
  const diff = plan.changed ? [unifiedDiff(plan.file, plan.before, plan.after, colors), ''] : [];
  const dimmed = notes.map((sentence) => colors.dim(shown(sentence)));
  return `${[...diff, shown(plan.reason), ...dimmed].join('\n')}\n`;
}

/** Returns why there is no plan and what to fix; ends in a newline. */
export function errorText(error: PlanErrorData, colors: Colors): string {
  const place = [error.file, error.line, error.byte === undefined ? undefined : `byte ${error.byte}`];
  const where = place.filter((part) => part !== undefined).join(':');
  const errors = (error.errors ?? []).map((one) => errorLine(one, colors));
  const first = `${where === '' ? '' : `${colors.red(`${shown(where)}:`)} `}${shown(error.message)}`;
  return `${[first, ...errors].join('\n')}\n`;
}

/** Returns a diff of one hunk: only one assignment differs, so the lines before and after it are equal. */
function unifiedDiff(
  path: string,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  colors: Colors,
): string {
  const [old, next] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, next.length);
  let head = 0;
  while (head < shorter && old[head] === next[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === next.at(-1 - tail)) tail++;
  const from = Math.max(0, head - CONTEXT_LINES);
  const behind = Math.min(tail, CONTEXT_LINES);
  const hunk = (lines: readonly string[]): string => {
    const count = lines.length - tail + behind - from;
    return `${count === 0 ? from : from + 1},${count}`;
  };
  return [
    colors.bold(`--- ${before === undefined ? '/dev/null' : path}`),
    colors.bold(`+++ ${after === undefined ? '/dev/null' : path}`),
    colors.cyan(`@@ -${hunk(old)} +${hunk(next)} @@`),
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, old.length - tail).map((line) => colors.red(`-${line}`)),
    ...next.slice(head, next.length - tail).map((line) => colors.green(`+${line}`)),
    ...next.slice(next.length - tail, next.length - tail + behind).map((line) => ` ${line}`),
  ].join('\n');
}

/** Splits into lines; a last line without a newline gets the remark that diff prints. */
function linesOf(content: Uint8Array | undefined): readonly string[] {
  const text = Buffer.from(content ?? new Uint8Array()).toString('utf8');
  const lines = text.split('\n').map(shown);
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

/** Escapes control and invisible characters, so that the terminal shows them. */
function shown(text: string): string {
  return text.replace(
    /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{fffd}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

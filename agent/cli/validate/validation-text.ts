// The result of `validate` as text.

import type { PolicyError } from '../../policy/policy.ts';
import type { Judgement, Verdict } from '../../sysctl/judge.ts';
import { count } from '../../text/count.ts';
import { printable } from '../../text/quote.ts';
import { colorsFor, type Colors } from '../colors.ts';
import { jsonText } from '../json.ts';
import type { Validation } from './validation.ts';

const VERDICT_MARKS: Readonly<Record<Verdict, string>> = { allowed: '✓', safe: '·', invalid: '✗' };
const WIDEST_NAME = 48;

/** Returns the validation in this format, with colours when `stdout` shows them; ends in a newline. */
export function printedValidation(
  validation: Validation,
  format: 'text' | 'json',
  stdout: { readonly isTTY?: boolean },
): string {
  return format === 'json' ? jsonText(validation) : validationText(validation, colorsFor(stdout));
}

/** Returns one line for each allowance, then the errors, then the outcome; ends in a newline. */
function validationText(validation: Validation, colors: Colors): string {
  const errors = validation.errors.map((error) => errorLine(error, colors));
  const groups = [allowanceLines(validation.allowances, colors), errors, [outcome(validation, colors)]];
  return `${groups
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function allowanceLines(allowances: readonly Judgement[], colors: Colors): readonly string[] {
  const width = Math.min(WIDEST_NAME, Math.max(0, ...allowances.map(({ pattern }) => shown(pattern).length)));
  return allowances.map(({ pattern, verdict, message, warning }) => {
    const paint = { allowed: colors.green, safe: colors.dim, invalid: colors.red }[verdict];
    // The error below says what is wrong with it, and in which line.
    const said = verdict === 'invalid' ? 'the kubelet does not start with it' : message;
    const name = shown(pattern).padEnd(width);
    return warning === undefined
      ? paint(`${VERDICT_MARKS[verdict]} ${name}  ${said}`)
      : colors.yellow(`! ${name}  ${said}, but ${warning}`);
  });
}

/** Returns `KEY, line N: message`; the line counts from 1 within the key's value. */
export function errorLine({ key, line, message }: PolicyError, colors: Colors): string {
  const place = key === '' ? 'ConfigMap' : `${shown(key)}, line ${line}`;
  return `${colors.red(colors.bold(`${place}:`))} ${message}`;
}

function outcome({ valid, allowances, errors }: Validation, colors: Colors): string {
  if (!valid) {
    return colors.red(`Not valid for these nodes: ${count(errors.length, 'error')}.`);
  }
  const needed = allowances.filter(({ verdict }) => verdict === 'allowed').length;
  const safe = allowances.length - needed;
  const warned = allowances.filter(({ warning }) => warning !== undefined).length;
  const parts = [
    count(needed, 'allowance'),
    ...(warned > 0 ? [`${warned} of no use to any pod`] : []),
    ...(safe > 0 ? [`${safe} more already safe`] : []),
  ];
  return colors.green(`Valid: ${parts.join(', ')}.`);
}

function shown(text: string): string {
  return text === '' ? '(empty)' : printable(text);
}

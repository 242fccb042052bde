// What --output json prints.

/** The value as indented JSON, with a newline at its end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

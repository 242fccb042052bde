// What --output json prints.

/** Returns the value as indented JSON that ends in a newline. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

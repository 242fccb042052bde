// The text of an error, for a person.

/** Returns the message of an Error, or the value as a string. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

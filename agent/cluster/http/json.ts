// Looking into JSON that came over the network, one checked field at a time.

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value when it is a JSON object; an empty one otherwise, so that a missing branch reads as missing leaves. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  let at: unknown = value;
  for (const key of path) {
    at = isObject(at) ? at[key] : undefined;
  }
  return isObject(at) ? at : {};
}

/** The string under `key`; undefined for anything else. */
export function stringAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** The string-to-string map under `key`; values that are no strings are left out. */
export function stringMapAt(object: JsonObject, key: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(object, key));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The objects in the array under `key`, in place; an element that is none reads as an empty object. */
export function objectsAt(object: JsonObject, key: string): readonly JsonObject[] {
  const value = object[key];
  return (Array.isArray(value) ? value : []).map((item: unknown) => objectAt(item));
}

/** The last instant that RFC 3339 can write, and one to which some minutes can be added. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/** The time that the text gives; undefined when it gives none, or one that no API server writes. */
export function timeOf(text: string | undefined): Date | undefined {
  const time = new Date(text ?? Number.NaN);
  return time.getTime() >= 0 && time.getTime() <= LATEST_MS ? time : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Objects that cannot be read: each is skipped and reported once, so that it does not hide the others.

import { errorText } from '../../text/error-text.ts';
import { objectAt, stringAt, type JsonObject } from '../http/json.ts';

/** Called with the name of an object that cannot be read, and why. */
export type OnUnreadable = (object: string, error: unknown) => void;

/** Reads one object with `parse`; undefined where that throws. */
export type ReadObject = <T>(
  object: JsonObject,
  parse: (object: JsonObject) => T,
) => { readonly value: T } | undefined;

/** `onUnreadable` is called once for an object and a reason, and again after the object could be read in between. */
export function objectReader(onUnreadable: OnUnreadable = () => undefined): ReadObject {
  const reported = new Map<string, string>();
  return (object, parse) => {
    const name = nameFor(object);
    try {
      const value = parse(object);
      reported.delete(name);
      return { value };
    } catch (error) {
      const why = errorText(error);
      if (reported.get(name) !== why) {
        reported.set(name, why);
        onUnreadable(name, error);
      }
      return undefined;
    }
  };
}

/** `namespace/name`, `name`, or the uid of an object that has none. */
function nameFor(object: JsonObject): string {
  const metadata = objectAt(object, 'metadata');
  const [namespace, name, uid] = ['namespace', 'name', 'uid'].map((key) => stringAt(metadata, key));
  const path = [namespace, name].filter(Boolean).join('/');
  return name ? path : uid ? `an object with the uid ${uid}` : 'an object without a name';
}

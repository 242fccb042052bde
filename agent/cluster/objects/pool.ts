// One string for all equal ones: the labels of thousands of Nodes hold few different values.

/** Returns a string that is equal to `text`, as a rule one that was returned before. */
export type Pool = (text: string) => string;

/** As many as the values that a fleet's Nodes share; what each has for itself fills the pool, which then begins again. */
const MOST = 10_000;

export function createPool(most: number = MOST): Pool {
  const texts = new Map<string, string>();
  return (text) => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size >= most) texts.clear();
    texts.set(text, text);
    return text;
  };
}

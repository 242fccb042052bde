// Walks two lists in the order of names together: a map of thousands of names would be made at each pass.

interface Named {
  readonly name: string;
}

/** The pairs with the same name. Both lists must be in the order of names. */
export function* pairsByName<One extends Named, Other extends Named>(
  ones: readonly One[],
  others: readonly Other[],
): Generator<readonly [One, Other]> {
  let at = 0;
  for (const one of ones) {
    let other = others[at];
    while (other !== undefined && other.name < one.name) other = others[(at += 1)];
    if (other?.name === one.name) yield [one, other];
  }
}

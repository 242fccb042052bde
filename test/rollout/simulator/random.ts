// Repeatable random numbers.

export interface Random {
  /** From 0 to 1, exclusive. */
  fraction(): number;
  /** A whole number from `least` to `most`, both inclusive. */
  whole(least: number, most: number): number;
  chance(probability: number): boolean;
  oneOf<T>(choices: readonly [T, ...T[]]): T;
}

/** A linear congruential generator: the same seed gives the same numbers. */
export function randomFrom(seed: number): Random {
  let state = BigInt(seed >>> 0);

  function fraction(): number {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 32n) / 2 ** 32;
  }

  function whole(least: number, most: number): number {
    return least + Math.floor(fraction() * (most - least + 1));
  }

  return {
    fraction,
    whole,
    chance: (probability) => fraction() < probability,
    oneOf: (choices) => choices[whole(0, choices.length - 1)] ?? choices[0],
  };
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds: a bijection of the 64-bit counter `(x0, x1)` under the 64-bit `key`.
 *
 * @returns two unsigned 32-bit words
 * Source: Salmon et al. 2011; same rounds and constants as `jax.random`'s `threefry_2x32`.
 */
export function threefry2x32(key: readonly [number, number], x0: number, x1: number): [number, number] {
  const keys = [key[0] | 0, key[1] | 0, key[0] ^ key[1] ^ 0x1bd11bda] as const;
  let a = (x0 + keys[0]) | 0;
  let b = (x1 + keys[1]) | 0;
  for (let block = 0; block < 5; block++) {
    const first = (block & 1) * 4;
    for (let round = 0; round < 4; round++) {
      const rotation = rotations[first + round]!;
      a = (a + b) | 0;
      b = ((b << rotation) | (b >>> (32 - rotation))) ^ a;
    }
    a = (a + keys[((block + 1) % 3) as 0 | 1 | 2]) | 0;
    b = (b + keys[((block + 2) % 3) as 0 | 1 | 2] + block + 1) | 0;
  }
  return [a >>> 0, b >>> 0];
}

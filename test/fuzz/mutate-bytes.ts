import type { RandomStream } from '@selfsup/ssl-tensor/host';

/** A damaged copy of a file, and what was done to it. */
export interface Mutant {
  readonly bytes: Uint8Array;
  readonly steps: readonly string[];
}

type Mutation = (bytes: Buffer, random: RandomStream, donor: Uint8Array, headerBytes: number) => [Buffer, string];

/** Numbers at which sizes, counts and offsets go wrong. */
const boundaries = [0n, 1n, 2n, 127n, 128n, 255n, 256n, 32767n, 32768n, 65535n, 65536n]
  .concat([2n ** 24n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n])
  .concat([2n ** 64n - 1n, 2n ** 64n - 2n]);

/** Most damage goes to the header: a changed pixel teaches nothing. */
function place(length: number, random: RandomStream, headerBytes: number): number {
  const bound = random.bernoulli(0.75) ? Math.min(length, headerBytes) : length;
  return bound === 0 ? 0 : random.integer(bound);
}

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random, _, headerBytes) {
    if (bytes.length === 0) return [bytes, 'flip nothing'];
    const at = place(bytes.length, random, headerBytes);
    const bit = random.integer(8);
    bytes[at]! ^= 1 << bit;
    return [bytes, `flip bit ${bit} of byte ${at}`];
  },
  function setByte(bytes, random, _, headerBytes) {
    if (bytes.length === 0) return [bytes, 'set nothing'];
    const at = place(bytes.length, random, headerBytes);
    const value = random.bernoulli(0.5) ? [0, 1, 0x7f, 0x80, 0xff][random.integer(5)]! : random.integer(256);
    bytes[at] = value;
    return [bytes, `set byte ${at} to ${value}`];
  },
  function truncate(bytes, random, _, headerBytes) {
    const at = place(bytes.length, random, headerBytes);
    return [bytes.subarray(0, at), `truncate to ${at}`];
  },
  function insert(bytes, random, _, headerBytes) {
    const at = place(bytes.length, random, headerBytes);
    const count = 1 + random.integer(random.bernoulli(0.8) ? 8 : 600);
    const filling = Buffer.from(Uint8Array.from({ length: count }, () => random.integer(256)));
    return [Buffer.concat([bytes.subarray(0, at), filling, bytes.subarray(at)]), `insert ${count} bytes at ${at}`];
  },
  function remove(bytes, random, _, headerBytes) {
    const at = place(bytes.length, random, headerBytes);
    const count = 1 + random.integer(random.bernoulli(0.8) ? 8 : 600);
    return [Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]), `remove ${count} bytes at ${at}`];
  },
  function repeat(bytes, random, _, headerBytes) {
    const at = place(bytes.length, random, headerBytes);
    const part = bytes.subarray(at, at + 1 + random.integer(64));
    return [Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]), `repeat ${part.length} bytes at ${at}`];
  },
  function splice(bytes, random, donor, headerBytes) {
    const at = place(bytes.length, random, headerBytes);
    const from = place(donor.length, random, headerBytes);
    return [Buffer.concat([bytes.subarray(0, at), donor.subarray(from)]), `splice at ${at} with a seed from ${from}`];
  },
  function boundaryInteger(bytes, random, _, headerBytes) {
    const width = [1, 2, 4, 8][random.integer(4)]!;
    if (bytes.length < width) return [bytes, 'write nothing'];
    // Fields of binary headers mostly lie on even places.
    const at = Math.min(place(bytes.length, random, headerBytes) & ~1, bytes.length - width);
    const value = BigInt.asUintN(8 * width, boundaries[random.integer(boundaries.length)]!);
    const little = random.bernoulli(0.5);
    for (let i = 0; i < width; i++) bytes[at + (little ? i : width - 1 - i)] = Number((value >> BigInt(8 * i)) & 0xffn);
    return [bytes, `write ${value} as ${width} ${little ? 'little' : 'big'}-endian bytes at ${at}`];
  },
  function decimal(bytes, random, _, headerBytes) {
    // Numbers of text headers.
    const numbers = [...bytes.subarray(0, headerBytes).toString('latin1').matchAll(/\d+/g)];
    if (numbers.length === 0) return [bytes, 'find no number'];
    const found = numbers[random.integer(numbers.length)]!;
    const value = `${random.bernoulli(0.1) ? '-' : ''}${boundaries[random.integer(boundaries.length)]!}`;
    const after = bytes.subarray(found.index + found[0].length);
    return [
      Buffer.concat([bytes.subarray(0, found.index), Buffer.from(value), after]),
      `replace ${found[0]} at ${found.index} by ${value}`,
    ];
  },
];

/**
 * Damages a copy of `seed` by one to four steps: flipped bits, set bytes, truncation, insertion, removal, repetition, a
 * splice with `donor`, boundary integers in binary and in decimal.
 *
 * @param headerBytes the first bytes, which get three quarters of the damage
 */
export function mutateBytes(seed: Uint8Array, donor: Uint8Array, random: RandomStream, headerBytes: number): Mutant {
  let bytes: Buffer = Buffer.from(seed);
  const steps: string[] = [];
  const count = 1 + random.integer(random.bernoulli(0.6) ? 1 : 4);
  for (let step = 0; step < count; step++) {
    const [next, what] = mutations[random.integer(mutations.length)]!(bytes, random, donor, headerBytes);
    // A copy, since later steps write in place.
    bytes = Buffer.from(next);
    steps.push(what);
  }
  return { bytes, steps };
}

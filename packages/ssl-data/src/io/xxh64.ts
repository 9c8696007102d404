const stripe = 32;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;
const [prime1Low, prime1High] = halves(prime1);
const [prime2Low, prime2High] = halves(prime2);

/**
 * The checksum XXH64 with seed 0, of bytes that come in parts.
 *
 * Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
 */
export class Xxh64 {
  /** Four accumulators, low half before high half. */
  readonly #lanes = Int32Array.from([prime1 + prime2, prime2, 0n, -prime1].flatMap(halves));
  readonly #rest = new Uint8Array(stripe);
  #restBytes = 0;
  #total = 0;

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(stripe - this.#restBytes, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < stripe) return;
      mix(this.#lanes, this.#rest, 0);
    }
    for (; at + stripe <= bytes.length; at += stripe) mix(this.#lanes, bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#restBytes = bytes.length - at;
  }

  /** The lower 32 bits, which is what Zstandard keeps. */
  digestLow(): number {
    const [a, b, c, d] = [0, 2, 4, 6].map((i) => whole(this.#lanes[i]!, this.#lanes[i + 1]!)) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    let hash = prime5;
    if (this.#total >= stripe) {
      hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
      for (const lane of [a, b, c, d]) hash = (hash ^ round(0n, lane)) * prime1 + prime4;
    }
    hash += BigInt(this.#total);
    const rest = new DataView(this.#rest.buffer, 0, this.#restBytes);
    let at = 0;
    for (; at + 8 <= rest.byteLength; at += 8)
      hash = rotate(hash ^ round(0n, rest.getBigUint64(at, true)), 27) * prime1 + prime4;
    for (; at + 4 <= rest.byteLength; at += 4)
      hash = rotate(hash ^ (BigInt(rest.getUint32(at, true)) * prime1), 23) * prime2 + prime3;
    for (; at < rest.byteLength; at++) hash = rotate(hash ^ (BigInt(rest.getUint8(at)) * prime5), 11) * prime1;
    hash = BigInt.asUintN(64, hash);
    hash = BigInt.asUintN(64, (hash ^ (hash >> 33n)) * prime2);
    hash = BigInt.asUintN(64, (hash ^ (hash >> 29n)) * prime3);
    return Number(BigInt.asUintN(32, hash ^ (hash >> 32n)));
  }
}

function round(lane: bigint, input: bigint): bigint {
  return BigInt.asUintN(64, rotate(lane + input * prime2, 31) * prime1);
}

function rotate(value: bigint, by: number): bigint {
  const bits = BigInt.asUintN(64, value);
  return BigInt.asUintN(64, bits << BigInt(by)) | (bits >> BigInt(64 - by));
}

function halves(value: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}

function whole(low: number, high: number): bigint {
  return BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
}

/** One `round` for each lane, in halves: bigints would take longer than decompression. */
function mix(lanes: Int32Array, bytes: Uint8Array, at: number): void {
  for (let lane = 0; lane < 8; lane += 2) {
    const from = at + 4 * lane;
    const inLow = word(bytes, from);
    const inHigh = word(bytes, from + 4);
    const productLow = Math.imul(inLow, prime2Low) >>> 0;
    const productHigh = multiplyHigh(inLow, prime2Low) + Math.imul(inHigh, prime2Low) + Math.imul(inLow, prime2High);
    const sumLow = productLow + (lanes[lane]! >>> 0);
    const sumHigh = (productHigh + lanes[lane + 1]! + (sumLow > 0xffffffff ? 1 : 0)) | 0;
    const low = (sumLow << 31) | (sumHigh >>> 1);
    const high = (sumHigh << 31) | ((sumLow >>> 0) >>> 1);
    lanes[lane] = Math.imul(low, prime1Low);
    lanes[lane + 1] = multiplyHigh(low, prime1Low) + Math.imul(high, prime1Low) + Math.imul(low, prime1High);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Upper half of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + (middle >>> 16) + ((aLow * bHigh + (middle & 0xffff)) >>> 16);
}

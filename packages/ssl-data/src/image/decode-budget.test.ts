import { InvalidOptionError } from '@selfsup/ssl-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DecodeBudget, type DecodeShare, setDecodeMemory, threadDecodeBudget } from './decode-budget.js';
import { decodeImage } from './decode-image.js';
import { ReusedMemory } from './pixel-memory.js';

const kib = 1024;
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));
/** A share that is asked for, and whether it is there. */
function ask(budget: DecodeBudget, bytes: number): { share?: DecodeShare } {
  const asked: { share?: DecodeShare } = {};
  void Promise.resolve(budget.take(bytes)).then((share) => (asked.share = share));
  return asked;
}

describe('DecodeBudget', () => {
  it('gives what is free, and lets the others wait in their order', async () => {
    const budget = new DecodeBudget(100 * kib);
    const [first, second, third, small] = [60, 30, 50, 1].map((size) => ask(budget, size * kib));
    await soon();
    expect([first, second, third, small].map((asked) => asked!.share !== undefined)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(budget.taken).toBe(90 * kib);
    second!.share!.release();
    second!.share!.release();
    await soon();
    expect(budget.taken).toBe(60 * kib);
    first!.share!.release();
    await soon();
    expect([third!.share, small!.share]).not.toContain(undefined);
    expect(budget.taken).toBe(51 * kib);
    third!.share!.shrink(10 * kib);
    expect(budget.taken).toBe(11 * kib);
    third!.share!.release();
    small!.share!.release();
    expect(budget.taken).toBe(0);
  });

  it('gives more than all of it to one alone', async () => {
    const budget = new DecodeBudget(100 * kib);
    const [small, large, next] = [1, 500, 1].map((size) => ask(budget, size * kib));
    await soon();
    expect(large!.share).toBeUndefined();
    small!.share!.release();
    await soon();
    expect(budget.taken).toBe(500 * kib);
    expect(next!.share).toBeUndefined();
    large!.share!.release();
    await soon();
    expect(budget.taken).toBe(kib);
  });

  it('is shared by threads, and the one whose turn it is waits for no later one', async () => {
    const budget = new DecodeBudget(100 * kib);
    const [a, b] = [new DecodeBudget(budget.place()), new DecodeBudget(budget.place())];
    const first = ask(a, 60 * kib);
    await soon();
    const large = ask(b, 90 * kib);
    await soon();
    const smalls = [ask(a, kib), ask(budget, kib)];
    await soon();
    expect([large, ...smalls].map(({ share }) => share)).toEqual([undefined, undefined, undefined]);
    first.share!.release();
    await soon();
    expect(large.share).toBeDefined();
    expect(smalls.map(({ share }) => share !== undefined)).toEqual([true, true]);
    expect(budget.taken).toBe(92 * kib);
  });

  it('takes back what a dead thread had, and its turn', async () => {
    const budget = new DecodeBudget(100 * kib);
    const [first, second] = [budget.place(), budget.place()];
    const [dead, waiting] = [new DecodeBudget(first), new DecodeBudget(second)];
    ask(dead, 90 * kib);
    await soon();
    // It has the turn as well: what it wants is not there.
    ask(waiting, 90 * kib);
    await soon();
    const own = ask(budget, 50 * kib);
    await soon();
    expect(own.share).toBeUndefined();
    // Both die; the second one's timer is this test's, and finds what it wanted.
    budget.vacate(second);
    budget.vacate(first);
    await soon();
    expect(own.share).toBeDefined();
    const places = [budget.place(), budget.place(), budget.place()].map(({ slot }) => slot);
    expect(places.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it('refuses what is no number of bytes', () => {
    for (const bytes of [0, -1, Number.NaN, 100]) expect(() => setDecodeMemory(bytes)).toThrow(InvalidOptionError);
    expect(threadDecodeBudget().bytes).toBe(2 ** 30);
    setDecodeMemory(2 ** 20);
    expect(threadDecodeBudget().bytes).toBe(2 ** 20);
    setDecodeMemory(2 ** 30);
  });
});

describe('decodeImage', () => {
  const encode = (side: number): Promise<Buffer> =>
    sharp({ create: { width: side, height: side, channels: 3, background: '#123456' } })
      .png()
      .toBuffer();

  it('decodes no more at a time than its budget holds', async () => {
    const bytes = await encode(500);
    // Two pictures of some 2 MB each.
    const budget = new DecodeBudget(2 ** 22 + 2 ** 20);
    let most = 0;
    const take = budget.take.bind(budget);
    budget.take = async (size) => {
      const share = await take(size);
      most = Math.max(most, budget.taken);
      return share;
    };
    const images = await Promise.all(
      Array.from({ length: 12 }, () => decodeImage(bytes, {}, { budget, take: (length) => new Uint8Array(length) })),
    );
    expect(images.every(({ shape }) => shape[0] === 500)).toBe(true);
    expect(most).toBeGreaterThan(2 ** 21);
    expect(most).toBeLessThanOrEqual(budget.bytes);
    expect(budget.taken).toBe(0);
  });

  it('gives its share back after an error too', async () => {
    const budget = new DecodeBudget(2 ** 20);
    const bytes = (await encode(500)).subarray(0, 60);
    await expect(decodeImage(bytes, {}, { budget, take: (length) => new Uint8Array(length) })).rejects.toThrow(
      /damaged/,
    );
    expect(budget.taken).toBe(0);
  });

  it('leaves the share of a large picture with the memory until the sample is done', { timeout: 30_000 }, async () => {
    const budget = new DecodeBudget(2 ** 30);
    const memory = new ReusedMemory(budget);
    const bytes = await encode(5000);
    const { data } = await decodeImage(bytes, {}, memory);
    expect(budget.taken).toBe(Math.ceil(data.length / 1024) * 1024);
    await memory.done();
    expect(budget.taken).toBe(0);
    expect(memory.done()).toBeUndefined();
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';

const goldens = new URL('../../../../test/golden/images/kinds/kinds.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(goldens, 'utf8')) as {
  readonly cases: readonly { readonly name: string; readonly file: string; readonly refused?: true }[];
};

describe('a BMP without the header of the file', () => {
  const whole = cases
    .filter(({ refused }) => refused !== true)
    .map(({ name, file }) => [name, Buffer.from(file, 'base64')] as const)
    .filter(([, file]) => file.toString('latin1', 0, 2) === 'BM');

  it('is read as the one with it', async () => {
    let compared = 0;
    for (const [name, file] of whole) {
      const image = await decodeImage(file);
      // Where the pixels begin is not known then: right behind the other headers.
      const placed = Buffer.from(file);
      placed.writeUInt32LE(0, 10);
      const known = await decodeImage(placed).catch(() => undefined);
      if (known === undefined || !Buffer.from(known.data).equals(image.data)) continue;
      compared++;
      expect([name, await decodeImage(file.subarray(14))]).toEqual([name, image]);
    }
    expect(compared).toBeGreaterThan(10);
  });
});

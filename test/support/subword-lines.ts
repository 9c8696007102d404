/** Lines of words in many scripts, the same as `test/golden/text/generate_subwords.py` draws, and digests as it makes them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TextTokenizer } from '@selfsup/ssl-text-mlm';

interface Pools {
  readonly lines: number;
  readonly block: number;
  readonly seed: number;
  readonly corpusSeed: number;
  readonly corpusLines: number;
  readonly pools: Readonly<Record<string, readonly string[]>>;
  readonly names: readonly string[];
  readonly separators: readonly string[];
}

/** A file of `test/golden/text`. */
export function textGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/text/${name}`, import.meta.url), 'utf8')) as T;
}

const golden = textGolden<Pools>('subword-lines.json');

/** Lines of a block of digests. */
export const blockLines = golden.block;

/** Lines that all the digests are of, or those of a quick test: all with `SSL_TOKENIZER_LINES=all`. */
export const testedLines = process.env['SSL_TOKENIZER_LINES'] === 'all' ? golden.lines : 800;

function draw(seed: number, count: number, longs: boolean): string[] {
  let state = seed;
  const below = (bound: number): number => (state = (state * 16807) % 2147483647) % bound;
  const lines: string[] = [];
  while (lines.length < count) {
    let text = '';
    for (let left = 1 + below(12); left > 0; left--) {
      const name = golden.names[below(golden.names.length)]!;
      const pool = golden.pools[name]!;
      let word = pool[below(pool.length)]!;
      if (name === 'long' && (!longs || below(10) > 0)) word = 'long';
      text += word + golden.separators[below(golden.separators.length)]!;
    }
    lines.push(text);
  }
  return lines;
}

/** The lines that are encoded, the first ones first. */
export const drawnLines = (count = golden.lines): string[] => draw(golden.seed, count, true);

/** The lines that vocabularies are learnt from. */
export const corpusLines = (): string[] => draw(golden.corpusSeed, golden.corpusLines, false);

export const digestOf = (texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\u0001')).digest('hex').slice(0, 16);

/** Digests of ids, places and decoded texts of blocks of lines. */
export interface EncodingDigests {
  readonly ids: readonly string[];
  readonly places: readonly string[];
  readonly decoded: readonly string[];
}

/** Start and end of each token as the generator writes them. */
export function placesOf(offsets: Int32Array): string {
  const places: string[] = [];
  for (let at = 0; at < offsets.length; at += 2) places.push(`${offsets[at]}-${offsets[at + 1]}`);
  return places.join(' ');
}

/** The first block whose digests differ, with its number; undefined where all are equal. */
export function differingBlocks(
  tokenizer: TextTokenizer,
  texts: readonly string[],
  digests: EncodingDigests,
): { readonly what: string; readonly block: number }[] {
  const wrong: { what: string; block: number }[] = [];
  for (let block = 0; block * blockLines < texts.length; block++) {
    const lines = texts.slice(block * blockLines, (block + 1) * blockLines);
    const placed = lines.map((line) => tokenizer.encodeText(line)[0]!);
    const made = {
      ids: digestOf(lines.map((line) => tokenizer.encode(line).join(' '))),
      places: digestOf(placed.map(({ offsets }) => placesOf(offsets))),
      decoded: digestOf(placed.map(({ ids }) => tokenizer.decode(ids))),
    };
    for (const what of ['ids', 'places', 'decoded'] as const)
      if (made[what] !== digests[what][block]) wrong.push({ what, block });
    if (digestOf(placed.map(({ ids }) => ids.join(' '))) !== digests.ids[block])
      wrong.push({ what: 'ids of encodeText', block });
  }
  return wrong;
}

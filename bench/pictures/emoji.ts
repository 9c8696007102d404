import { RandomStream, randomKey } from '@selfsup/ssl-core';
import { drawn } from './drawn.js';
import { packageFile } from './package-file.js';
import type { LabelledPictures, PictureSet } from './picture-set.js';

/** Side of a picture, pixels. */
const size = 64;
/** Drawings of the training pictures. */
const trainStyles = ['noto@1.2.9', 'fluent-emoji-flat@1.2.6', 'openmoji@1.2.29'];
/** Drawings of the test pictures. */
const testStyle = 'twemoji@1.2.5';
/** Flags are left out: two of the styles have none. OpenMoji writes the names without `&`. */
const categories = [
  'Smileys Emotion',
  'People Body',
  'Animals Nature',
  'Food Drink',
  'Travel Places',
  'Activities',
  'Objects',
  'Symbols',
];

/** A set of icons as `@iconify-json` has it. */
interface Icons {
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >;
  readonly width: number;
  readonly height: number;
}

/** An emoji in one style. */
interface Emoji {
  readonly name: string;
  readonly label: number;
  readonly body: string;
  readonly viewBox: string;
}

/**
 * Emoji in colour on white, of `@iconify-json`: those that all four styles have, without tones of skin; three styles for
 * training, the fourth for the test. Classes are the categories of Unicode but flags.
 */
export async function emoji(): Promise<PictureSet> {
  const styles = await Promise.all([...trainStyles, testStyle].map(readStyle));
  const shared = [...styles[0]!.keys()].filter((name) => styles.every((style) => style.has(name)));
  const of = (style: ReadonlyMap<string, Emoji>): Emoji[] => shared.map((name) => style.get(name)!);
  return {
    classes: categories.length,
    train: await picturesOf(shuffled(styles.slice(0, -1).flatMap(of))),
    test: await picturesOf(of(styles.at(-1)!)),
    gallery: (await picturesOf(of(styles[0]!))).images,
  };
}

/** The emoji of a style by their names. */
async function readStyle(spec: string): Promise<ReadonlyMap<string, Emoji>> {
  const read = async (file: string): Promise<unknown> =>
    JSON.parse((await packageFile(`@iconify-json/${spec}`, file)).toString());
  const set = (await read('icons.json')) as Icons;
  const { categories: own } = (await read('metadata.json')) as { categories: Record<string, readonly string[]> };
  const found = new Map<string, Emoji>();
  for (const [category, names] of Object.entries(own)) {
    const label = categories.indexOf(category.replace(' & ', ' '));
    if (label < 0) continue;
    for (const name of names) {
      const icon = set.icons[name];
      if (icon === undefined || name.includes('skin-tone')) continue;
      const viewBox = `0 0 ${icon.width ?? set.width} ${icon.height ?? set.height}`;
      found.set(name, { name, label, body: icon.body, viewBox });
    }
  }
  return found;
}

/** In an order by lot. */
function shuffled<T>(items: readonly T[]): T[] {
  const stream = new RandomStream(randomKey(0));
  return items
    .map((item) => ({ item, rank: stream.uniform() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

async function picturesOf(all: readonly Emoji[]): Promise<LabelledPictures> {
  return {
    images: await drawn(all, { size, channels: 3, background: '#fff' }),
    labels: Uint8Array.from(all, ({ label }) => label),
  };
}

import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';
import { bertConfig, BertModel, BertTextEncoder, TokenDataset, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { SmallConvEncoder } from '@selfsup/ssl-vision';
import { Clip, type ClipOptions } from '../src/clip/clip.js';
import { ImageTextLoader } from '../src/data/image-text-loader.js';

/** Side of the pictures. */
const side = 12;
const colours = { red: [220, 40, 30], green: [40, 200, 60], blue: [40, 60, 230], yellow: [230, 220, 40] } as const;
const forms = {
  square: (x: number, y: number) => Math.max(Math.abs(x), Math.abs(y)) <= 3,
  bar: (x: number, y: number) => Math.abs(x) <= 1 && Math.abs(y) <= 4,
  ring: (x: number, y: number) => Math.hypot(x, y) <= 4.2 && Math.hypot(x, y) >= 2.4,
} as const;

/** Every colour of every form: the classes, in the words of their texts. */
export const classes = Object.keys(colours).flatMap((colour) => Object.keys(forms).map((form) => `${colour} ${form}`));

/** Pictures of coloured forms at places of their own, class after class in turn, with a noisy ground. */
export function drawn(count: number, seed: number): { images: NdArray<Uint8Array>; labels: Int32Array } {
  const data = new Uint8Array(count * side * side * 3);
  for (let image = 0; image < count; image++) {
    const random = new RandomStream(foldIn(randomKey(seed), image));
    const [colour, form] = classes[image % classes.length]!.split(' ') as [keyof typeof colours, keyof typeof forms];
    const [left, top] = [random.uniform(4, side - 5), random.uniform(4, side - 5)];
    for (let pixel = 0; pixel < side * side; pixel++) {
      const inside = forms[form]((pixel % side) - left, Math.floor(pixel / side) - top);
      for (let channel = 0; channel < 3; channel++)
        data[(image * side * side + pixel) * 3 + channel] = inside
          ? colours[colour][channel]!
          : 100 + random.uniform(-25, 25);
    }
  }
  return {
    images: { data, shape: [count, side, side, 3] },
    labels: Int32Array.from({ length: count }, (_, i) => i % classes.length),
  };
}

/** Two sentences of each class. */
export const sentences = classes.flatMap((name) => [`a ${name}`, `this is one ${name} here`]);
export const tokenizer = await trainWordPiece({ lines: sentences, vocabSize: 100 });
/** Two sentences for each of `count` pictures in turn. */
export const textsOf = (count: number): TokenDataset =>
  TokenDataset.fromTexts(
    tokenizer,
    Array.from({ length: count }, (_, image) =>
      [0, 1].map((at) => sentences[2 * (image % classes.length) + at]!),
    ).flat(),
    { maxLength: 10 },
  );

/** A method of small towers. */
export const small = (options: Partial<ClipOptions> = {}): Clip =>
  new Clip({
    image: new SmallConvEncoder({ key: randomKey(2), inChannels: 3, channels: [16, 32], strides: [1, 2] }),
    text: new BertTextEncoder(
      new BertModel(
        bertConfig({
          vocabSize: tokenizer.vocabSize,
          hiddenSize: 24,
          numHiddenLayers: 1,
          numAttentionHeads: 2,
          intermediateSize: 48,
          maxPositionEmbeddings: 10,
        }),
        { key: randomKey(3) },
      ),
    ),
    key: randomKey(4),
    normalize: { mean: 0.4, std: 0.25 },
    embedDim: 16,
    ...options,
  });

/** Batches of pictures with one of their two sentences. */
export function pairs(count: number, batchSize: number): ImageTextLoader {
  const dataset = new ImageArrayDataset(drawn(count, 1).images);
  const images = new DataLoader({ dataset, views: [(image) => image], batchSize, seed: 5, workers: 0 });
  return new ImageTextLoader({
    images,
    texts: textsOf(count),
    padId: tokenizer.specialIds.pad,
    textsPerImage: 2,
    key: randomKey(6),
  });
}

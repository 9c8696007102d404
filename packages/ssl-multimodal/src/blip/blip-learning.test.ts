import { expect, it } from 'vitest';
import { randomKey } from '@selfsup/ssl-core';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { captionedPictures, captions, smallBlip } from '../../test/blip-shapes.js';
import { classes, drawn } from '../../test/shapes.js';
import { capFilt } from './cap-filt.js';
import { rerankedRetrieval } from './reranked-retrieval.js';

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

it('captions pictures that it has not seen, tells what matches, and finds it', { timeout: 600_000 }, async () => {
  const blip = smallBlip();
  const steps = 220;
  const loader = captionedPictures(480, 24);
  await new Trainer({
    method: blip,
    loader,
    optimizer: new AdamW([{ parameters: blip.trainable() }], { weightDecay: 0.01 }),
    schedule: warmupCosine({ base: 3e-3, warmupSteps: 10, totalSteps: steps }),
    steps,
    seed: 0,
    progress: 'silent',
  }).fit();
  await loader.close();

  const count = 4 * classes.length;
  const { images, labels } = drawn(count, 99);
  const own = Array.from(labels, (label) => captions[label]!);
  for (const search of ['greedy', 'beam'] as const) {
    const written = await blip.caption(images, { search, maxLength: 8 });
    expect(written.filter((caption, at) => caption === own[at]).length / count, `by ${search}`).toBeGreaterThan(0.9);
  }
  // The same colour with another form.
  const wrong = Array.from(labels, (label) => captions[3 * Math.floor(label / 3) + ((label + 1) % 3)]!);
  const [right, others] = [
    await blip.matchScore({ images, texts: own }),
    await blip.matchScore({ images, texts: wrong }),
  ];
  expect(right.filter((score, at) => score > others[at]!).length / count).toBeGreaterThan(0.9);
  expect(mean(right) - mean(others)).toBeGreaterThan(0.5);

  const few = {
    data: images.data.subarray(0, images.data.length / 4),
    shape: [classes.length, ...images.shape.slice(1)],
  };
  const { imageToText, textToImage } = await rerankedRetrieval(blip, few, captions, { k: 5 });
  expect(imageToText[0]).toBeGreaterThan(0.8);
  expect(textToImage[0]).toBeGreaterThan(0.8);

  // Every third text is wrong: the filter leaves it out, and the captioner writes another.
  const noisy = captions.map((caption, at) => (at % 3 === 0 ? captions[(at + 1) % 12]! : caption));
  const kept = await capFilt({ images: few, texts: noisy }, { captioner: blip, filter: blip, key: randomKey(1) });
  const given = kept.filter(({ source }) => source === 'given');
  expect(given.filter(({ picture }) => picture % 3 === 0).length).toBeLessThanOrEqual(1);
  expect(given.filter(({ picture }) => picture % 3 !== 0).length).toBeGreaterThanOrEqual(7);
  const written = kept.filter(({ source }) => source === 'written');
  expect(written.filter(({ picture, text }) => text === captions[picture]).length).toBeGreaterThanOrEqual(10);
});

import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, DataError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTextEncoder } from '../pretrain/load-text-encoder.js';
import type { LoadedTextEncoder } from '../pretrain/loaded-text-encoder.js';
import { pretrainText } from '../pretrain/pretrain-text.js';
import { fineTuneText, type FineTuneTextOptions } from './fine-tune-text.js';
import type { LabelledText } from './labelled-texts.js';
import { loadTextClassifier } from './load-text-classifier.js';
import { classifierEntry } from './text-classifier-description.js';

const random = new RandomStream(randomKey(5));
const topics = ['letters', 'marks', 'rows'];
const wordOf = (topic: number, word: number): string => `${'kmr'[topic]}${'ae'[word >> 2]}${'bdgl'[word & 3]}`;
const textOf = (topic: number): string => Array.from({ length: 6 }, () => wordOf(topic, random.integer(8))).join(' ');
const draw = (count: number): LabelledText[] =>
  Array.from({ length: count }, (_, index) => ({ text: textOf(index % 3), label: topics[index % 3]! }));
const examples = draw(60);
const fresh = draw(90);

let folder: string;
let encoder: LoadedTextEncoder;
const silent = { progress: 'silent' } as const;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fine-tune-text-'));
  const data = Array.from({ length: 120 }, (_, index) => textOf(index % 3));
  const sizes = { hiddenSize: 32, numHiddenLayers: 2, dropout: 0.1, batchSize: 16, epochs: 2 } as const;
  await pretrainText({ data, out: join(folder, 'encoder'), ...sizes, ...silent });
  encoder = await loadTextEncoder(join(folder, 'encoder'));
}, 60_000);
afterAll(() => {
  encoder.dispose();
  rmSync(folder, { recursive: true });
});

const tune = (name: string, options: Partial<FineTuneTextOptions> = {}): ReturnType<typeof fineTuneText> =>
  fineTuneText({ encoder, examples, out: join(folder, name), epochs: 3, ...silent, ...options });
const stopAt = (step: number): Pick<FineTuneTextOptions, 'observers' | 'signal'> => {
  const stop = new AbortController();
  return { signal: stop.signal, observers: [{ onStep: (event) => void (event.step === step && stop.abort()) }] };
};

describe('a classifier', () => {
  it('learns the classes, which one that does not train does not know, and leaves the encoder as it was', async () => {
    const before = encoder.encoder.stateDict();
    const accuracyOf = async (name: string, options: Partial<FineTuneTextOptions>): Promise<number> => {
      const { classifier } = await tune(name, options);
      const found = await classifier!.classify(fresh.map(({ text }) => text));
      classifier!.dispose();
      return found.filter(({ label }, index) => label === fresh[index]!.label).length / fresh.length;
    };
    const rates = { epochs: 12, learningRate: 3e-3 };
    expect(await accuracyOf('learnt', rates)).toBeGreaterThan(0.95);
    expect(await accuracyOf('gradual', { ...rates, unfreeze: 'gradual' })).toBeGreaterThan(0.9);
    expect(await accuracyOf('first', { ...rates, pooling: 'cls' })).toBeGreaterThan(0.9);
    expect(await accuracyOf('idle', { learningRate: 1e-9 })).toBeLessThan(0.7);
    expect(encoder.encoder.stateDict()).toEqual(before);
  }, 120_000);

  it('comes back from its folder as it was, with probabilities that add up, and a folder of transformers.js', async () => {
    const { classifier, settings } = await tune('kept', { encoder: join(folder, 'encoder') });
    expect(readdirSync(join(folder, 'kept')).toSorted()).toEqual([
      'checkpoints',
      'classifier.safetensors',
      'config.json',
      'log.jsonl',
      'pipeline',
      'report.html',
    ]);
    expect(classifier!.labels).toEqual(['letters', 'marks', 'rows']);
    const loaded = await loadTextClassifier(join(folder, 'kept'));
    const texts = ['kab kad', '', fresh[0]!.text.repeat(20)];
    const found = await loaded.classify(texts);
    expect(found).toEqual(await classifier!.classify(texts));
    for (const { label, probability, classes } of found) {
      expect(classes.map((each) => each.label).toSorted()).toEqual(topics);
      expect(classes.reduce((sum, each) => sum + each.probability, 0)).toBeCloseTo(1, 5);
      expect(classes[0]).toEqual({ label, probability });
    }
    expect(loaded.description.training).toMatchObject({ epochs: 3, layerDecay: 0.9, steps: 9 });
    const config = JSON.parse(readFileSync(join(folder, 'kept/pipeline/config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ id2label: { 1: 'marks' }, architectures: ['BertForSequenceClassification'] });
    // A finished run trains no more.
    const again = await tune('kept', { observers: [{ onStep: () => expect.fail('it trained') }] });
    expect(again.settings).toEqual(settings);
    loaded.dispose();
    loaded.dispose();
    await expect(loaded.classify('a')).rejects.toThrow(/used before dispose/);
  }, 60_000);

  it('goes on after a stop to the same bytes, and refuses other examples', async () => {
    await tune('whole');
    const stopped = await tune('broken', stopAt(4));
    expect([stopped.interrupted, stopped.classifier]).toEqual([true, undefined]);
    await expect(tune('broken', { examples: examples.slice(1) })).rejects.toThrow(/examples was/);
    expect((await tune('broken')).interrupted).toBe(false);
    const [whole, broken] = ['whole', 'broken'].map((name) =>
      readFileSync(join(folder, name, 'classifier.safetensors')),
    );
    expect(broken!.equals(whole!)).toBe(true);
  }, 60_000);

  it('weighs classes, and stops where held-out texts get no better', async () => {
    const few = examples.filter(({ label }, index) => label !== 'rows' || index < 12);
    const { settings } = await tune('balanced', { examples: few, classWeights: 'balanced' });
    const [first, second, rare] = settings['classWeights'] as [number, number, number];
    expect(second).toBe(first);
    expect(rare / first).toBeCloseTo(18 / 4, 6);
    const named = await tune('named', { classWeights: { letters: 2, marks: 1, rows: 1 } });
    expect(named.settings['classWeights']).toEqual([2, 1, 1]);
    const { classifier } = await tune('patient', { epochs: 30, learningRate: 1e-12, patience: 2 });
    expect(classifier!.description.training['steps']).toBeLessThan(30 * 3);
  }, 60_000);
});

describe('refused', () => {
  it.each<[string, Partial<FineTuneTextOptions>, RegExp, { isInstance(error: unknown): boolean }]>([
    ['no examples', { examples: [] }, /the examples are of no class/, DataError],
    ['one class', { examples: examples.filter(({ label }) => label === 'rows') }, /of one class, 'rows'/, DataError],
    [
      'what is no list',
      { examples: 'rows' as never },
      /examples must be a list of \{ text, label \}/,
      InvalidOptionError,
    ],
    [
      'a number for a class',
      { examples: [...examples, { text: 'a', label: 3 } as never] },
      /examples\[60\]\.label must be a text, got 3/,
      InvalidOptionError,
    ],
    [
      'a class that nothing teaches',
      { heldOut: [{ text: 'a', label: 'x' }] },
      /heldOut\[0\] is of the class 'x'/,
      DataError,
    ],
    [
      'an encoder that is none',
      { encoder: 7 as never },
      /encoder must be a path for loadTextEncoder/,
      InvalidOptionError,
    ],
    ['a folder that is none', { encoder: 'nowhere' }, /nowhere/, CheckpointError],
    ['a batch too large', { batchSize: 55 }, /batchSize must be at most 54/, InvalidOptionError],
    ['a text too long', { maxLength: 1000 }, /maxLength must be an integer in \[3, /, InvalidOptionError],
    ['a rising rate', { layerDecay: 1.5 }, /layerDecay must be at most 1/, InvalidOptionError],
    ['an unknown order', { unfreeze: 'top' as never }, /unfreeze must be 'all' or/, InvalidOptionError],
    [
      'weights of other classes',
      { classWeights: { a: 1 } },
      /a positive number for each class \(letters, /,
      InvalidOptionError,
    ],
    ['a misspelt option', { epoch: 3 } as never, /epoch must be a known option.*epochs/, InvalidOptionError],
    [
      'patience with nothing held out',
      { examples: draw(9), patience: 2 },
      /patience must be left out where no example is held out/,
      InvalidOptionError,
    ],
  ])('%s', async (_, options, message, type) => {
    const error: unknown = await tune('refused', options).then(
      () => 'it was trained',
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(message);
    expect(type.isInstance(error)).toBe(true);
    expect(() => readdirSync(join(folder, 'refused'))).toThrow('ENOENT');
  });

  it('a file that is foreign, newer or damaged', async () => {
    await tune('source', { epochs: 1 });
    const path = join(folder, 'source/classifier.safetensors');
    const { tensors, metadata } = await loadSafetensors(path);
    const described = JSON.parse(metadata[classifierEntry]!) as Record<string, unknown>;
    const other = join(folder, 'other.safetensors');
    for (const [change, message] of [
      [undefined, /does not describe itself.*fineTuneText/],
      [{ format: 2 }, /newer version/],
      [{ labels: ['one'] }, /damaged description: labels/],
      [{ labels: ['a', 'b'] }, /classifier/],
      [{ config: { ...(described['config'] as object), hidden_size: 4096 } }, /says by its configuration/],
    ] as const) {
      const text = change === undefined ? {} : { [classifierEntry]: JSON.stringify({ ...described, ...change }) };
      const { [classifierEntry]: _, ...rest } = metadata;
      await saveSafetensors(other, tensors, { ...rest, ...text });
      const error: unknown = await loadTextClassifier(other).catch((reason: unknown) => reason);
      expect(String(error)).toMatch(message);
      expect(CheckpointError.isInstance(error)).toBe(true);
    }
  });
});

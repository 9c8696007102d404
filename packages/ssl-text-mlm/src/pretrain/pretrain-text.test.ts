import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSafetensors } from '@selfsup/ssl-nn';
import {
  CheckpointError,
  DataError,
  InvalidOptionError,
  type NdArray,
  randomKey,
  RandomStream,
} from '@selfsup/ssl-tensor/host';
import { NonFiniteLossError, type ProgressReporter, type TrainerObserver } from '@selfsup/ssl-train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenStore } from '../store/token-store.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { loadTextEncoder } from './load-text-encoder.js';
import { pretrainText, type PretrainTextOptions } from './pretrain-text.js';

const [topics, wordsEach] = [4, 8];
const random = new RandomStream(randomKey(5));
const wordOf = (topic: number, word: number): string => `${'kmrt'[topic]}${'ae'[word >> 2]}${'bdgl'[word & 3]}`;
/** Six words of one topic: any of its eight may stand in the place of another, and none of another topic. */
const textOf = (topic: number): string =>
  Array.from({ length: 6 }, () => wordOf(topic, random.integer(wordsEach))).join(' ');
const texts = Array.from({ length: 800 }, (_, index) => textOf(index % topics));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pretrain-text-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const small = { hiddenSize: 32, numHiddenLayers: 1, dropout: 0, batchSize: 32, progress: 'silent' } as const;
const tiny = { ...small, hiddenSize: 8, epochs: 2 } as const;
const read = (...path: string[]): Buffer => readFileSync(join(folder, ...path));
const failure = async (options: Partial<PretrainTextOptions>): Promise<Error> =>
  pretrainText({ data: texts, out: join(folder, 'failing'), ...tiny, ...options }).then(
    () => new Error('it was trained'),
    (error: unknown) => error as Error,
  );

/** Mean distance of texts of one topic over that of texts of two: 1 where topics are nothing. */
function mixing({ data, shape }: NdArray<Float32Array>): number {
  const [rows, width] = shape as [number, number];
  const sums = [0, 0];
  const counts = [0, 0];
  for (let a = 0; a < rows; a++)
    for (let b = 0; b < a; b++) {
      let squares = 0;
      for (let at = 0; at < width; at++) squares += (data[a * width + at]! - data[b * width + at]!) ** 2;
      const kind = a % topics === b % topics ? 0 : 1;
      sums[kind]! += Math.sqrt(squares);
      counts[kind]!++;
    }
  return sums[0]! / counts[0]! / (sums[1]! / counts[1]!);
}

describe('learning', () => {
  it('predicts masked words by their topic, and topics lie apart, neither of which a rate of almost 0 does', async () => {
    const train = async (name: string, learningRate: number, epochs: number): Promise<readonly [number, number]> => {
      const options = {
        data: texts,
        out: join(folder, name),
        ...small,
        epochs,
        learningRate,
        maskProbability: 0.3,
      };
      const { encoder } = await pretrainText(options);
      const fresh = Array.from({ length: 80 }, (_, index) => textOf(index % topics));
      const mixed = mixing(await encoder!.embed(fresh));
      const loss = encoder!.description.training['heldOutLoss'] as number;
      encoder!.dispose();
      return [loss, mixed];
    };
    const [learnt, idle] = [await train('learnt', 5e-3, 16), await train('idle', 1e-9, 1)];
    // Of each word by itself: 32 of equal chance. By the topic: 8.
    const [unigram, byTopic] = [Math.log(topics * wordsEach), Math.log(wordsEach)];
    expect(learnt[0]).toBeLessThan((unigram + byTopic) / 2);
    expect(idle[0]).toBeGreaterThan(unigram);
    expect(learnt[1]).toBeLessThan(0.3 * idle[1]);
  }, 120_000);
});

describe('a run', () => {
  const some = texts.slice(0, 100);
  const stopAt = (step: number): { observers: TrainerObserver[]; signal: AbortSignal } => {
    const stop = new AbortController();
    return { signal: stop.signal, observers: [{ onStep: (event) => void (event.step === step && stop.abort()) }] };
  };

  it('goes on after a stop to the same bytes, and makes vocabulary and ids once', async () => {
    const [whole, out] = [join(folder, 'whole'), join(folder, 'broken')];
    let readings = 0;
    const data = async function* (): AsyncGenerator<string> {
      readings++;
      yield* [...some, ' '];
    };
    const unbroken = await pretrainText({ data: some, out: whole, ...tiny });
    expect(readdirSync(whole).toSorted()).toEqual([
      'by-hand.ts',
      'checkpoints',
      'config.json',
      'encoder.onnx',
      'encoder.safetensors',
      'log.jsonl',
      'prepared.json',
      'report.html',
      'tokenizer.json',
      'tokens',
      'transformers',
    ]);
    const stopped = await pretrainText({ data, out, ...tiny, ...stopAt(3) });
    expect([stopped.interrupted, stopped.encoder, readings]).toEqual([true, undefined, 3]);
    const { mtimeMs } = statSync(join(out, 'tokenizer.json'));
    const { interrupted, encoder } = await pretrainText({ data, out, ...tiny });
    expect([interrupted, readings, statSync(join(out, 'tokenizer.json')).mtimeMs]).toEqual([false, 4, mtimeMs]);
    for (const file of ['encoder.safetensors', 'encoder.onnx', 'transformers/model.safetensors', 'by-hand.ts'])
      expect(read('broken', file).equals(read('whole', file)), `of ${file}`).toBe(true);
    const loaded = await loadTextEncoder(out);
    expect((await loaded.embed(some)).data).toEqual((await unbroken.encoder!.embed(some)).data);
    expect(loaded.description.training).toMatchObject({ texts: { texts: 100 }, batchSize: 32, epochs: 2, steps: 4 });
    const report = read('broken', 'report.html').toString();
    expect(report.match(/hidden is \w+, guessed \S+ \d+&nbsp;%/g)).toHaveLength(8);
    expect(report).toContain('heldOutLoss');
    // A finished run trains no more.
    const again = await pretrainText({ data, out, ...tiny, observers: [{ onStep: () => expect.fail('it trained') }] });
    expect((await again.encoder!.embed(some)).data).toEqual((await encoder!.embed(some)).data);
  }, 60_000);

  it('is refused, key by key, with other texts or settings, and nothing in its folder changes', async () => {
    const out = join(folder, 'begun');
    await pretrainText({ data: some, out, ...tiny, ...stopAt(1) });
    const before = ['tokenizer.json', 'prepared.json', 'tokens/train/tokens.bin', 'config.json'].map((file) =>
      read('begun', file),
    );
    const problems: readonly (readonly [Partial<PretrainTextOptions>, RegExp])[] = [
      [{ data: some.slice(1) }, /begun.*texts\.texts was 100, is 99/],
      [{ vocabSize: 500 }, /vocabSize was 1024, is 500/],
      [{ lowercase: false }, /lowercase was true, is false/],
      [{ epochs: 3, learningRate: 1 }, /epochs was 2, is 3; learningRate was .*, is 1/],
      [{ seed: 2 }, /seed was 0, is 2/],
      [{ tokenizer: await trainWordPiece({ lines: some, vocabSize: 90 }) }, /tokenizer was "learnt", is "/],
    ];
    for (const [options, message] of problems) {
      const error = await failure({ data: some, out, ...options });
      expect(error.message).toMatch(message);
      expect(CheckpointError.isInstance(error)).toBe(true);
    }
    for (const [index, file] of ['tokenizer.json', 'prepared.json', 'tokens/train/tokens.bin', 'config.json'].entries())
      expect(read('begun', file).equals(before[index]!), `of ${file}`).toBe(true);
    // What was chosen the first time and is left out now.
    const small = join(folder, 'begun-small');
    await pretrainText({ data: some, out: small, ...tiny, vocabSize: 60, ...stopAt(1) });
    const vocabulary = read('begun-small', 'tokenizer.json');
    expect((await failure({ data: some, out: small })).message).toMatch(/vocabSize was 60, is 1024/);
    expect(read('begun-small', 'tokenizer.json').equals(vocabulary)).toBe(true);
  }, 60_000);

  it('names the first tensor that is no number, and keeps the step', async () => {
    const out = join(folder, 'nan');
    const error = await failure({ data: some, out, learningRate: 1e38 });
    expect(NonFiniteLossError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(/model\.\w+/);
    expect(readdirSync(out).filter((file) => file.startsWith('nan-step-'))).toHaveLength(1);
  }, 60_000);

  it('has its folder for itself', async () => {
    const out = join(folder, 'twice');
    const options = { ...tiny, data: some, out };
    const both = await Promise.allSettled([pretrainText(options), pretrainText(options)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(String(both.find((one) => one.status === 'rejected')?.reason)).toMatch(/twice: is in use by.*pretrainText/);
  }, 60_000);

  it('makes ids anew of a file that is damaged, and an empty folder of one whose first try failed', async () => {
    const out = join(folder, 'damaged');
    await pretrainText({ data: some, out, ...tiny, ...stopAt(1) });
    const tokens = read('damaged', 'tokens/train/tokens.bin');
    writeFileSync(join(out, 'tokens/train/tokens.bin'), tokens.subarray(0, 200));
    writeFileSync(join(out, 'tokenizer.json'), '{}');
    writeFileSync(join(out, 'prepared.json'), 'null');
    expect((await pretrainText({ data: some, out, ...tiny })).interrupted).toBe(false);
    expect(read('damaged', 'tokens/train/tokens.bin').equals(tokens)).toBe(true);
    const tried = join(folder, 'tried');
    expect((await failure({ data: some, out: tried, batchSize: 1000 })).message).toMatch(
      /batchSize must be at most 90/,
    );
    expect((await pretrainText({ data: some.slice(2), out: tried, ...tiny })).interrupted).toBe(false);
  }, 60_000);

  it('takes a vocabulary that is there, a folder of texts, and texts longer than its sequences', async () => {
    const notes = join(folder, 'notes');
    mkdirSync(join(notes, 'sub'), { recursive: true });
    writeFileSync(join(notes, 'a.txt'), some.slice(0, 40).join('\n'));
    writeFileSync(join(notes, 'c.md'), 'left out');
    writeFileSync(join(notes, 'sub/b.jsonl'), JSON.stringify({ body: some.slice(40).join(' ') }));
    const specialTokens = { pad: '<pad>', unk: '<unk>', cls: '<s>', sep: '</s>', mask: '<mask>' };
    const tokenizer = await trainWordPiece({ lines: some, vocabSize: 90, specialTokens });
    const lines: string[] = [];
    const progress: ProgressReporter = {
      start: () => {},
      update: () => {},
      note: (line) => void lines.push(line),
      info: (line) => void lines.push(line),
      stop: () => {},
    };
    const out = join(folder, 'from-notes');
    const { encoder, settings } = await pretrainText({
      ...tiny,
      data: notes,
      out,
      tokenizer,
      field: 'body',
      maxLength: 12,
      batchSize: 16,
      progress,
    });
    expect(settings).toMatchObject({ maxLength: 12, lowercase: null, vocabSize: tokenizer.vocabSize });
    // 37 texts of up to six words, and one of 360: at least 36 sequences of ten.
    const store = await TokenStore.open(join(out, 'tokens/train'), { tokenizer });
    expect(store.length).toBe(37);
    await store.close();
    expect(encoder!.description.training['steps']).toBe(2 * Math.floor((37 + 36) / 16));
    expect((await encoder!.fillMask('kab <mask> kad', 2))[0]!.candidates).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/41 texts of \d+ characters; left out: 1 \.md/);
    expect(lines.join('\n')).toMatch(/settings: .*learningRate 0\.\d+ \(0\.0015 at width 128/);
  }, 60_000);
});

describe('other families, objectives and sequences', () => {
  const some = texts.slice(0, 200);
  const names = (state: ReadonlyMap<string, unknown>): string => [...state.keys()].join('\n');

  it.each<[string, Partial<PretrainTextOptions>, RegExp]>([
    ['roberta', { model: 'roberta' }, /roberta\.encoder\.layer\.0/],
    ['distilbert', { model: 'distilbert' }, /distilbert\.transformer\.layer\.0/],
    ['deberta', { model: 'deberta' }, /deberta\.encoder\.layer\.0/],
    ['deberta-v2', { model: 'deberta-v2', sequences: 'packed' }, /deberta\.encoder\.rel_embeddings/],
    ['modernbert', { model: 'modernbert' }, /model\.layers\.0/],
    ['electra', { model: 'electra' }, /discriminator_predictions[^]*electra\.encoder\.layer\.0/],
    [
      'replaced tokens of a deberta',
      { model: 'deberta-v2', objective: 'replaced-token-detection' },
      /deberta\.encoder[^]*discriminator_predictions/,
    ],
    ['blocks', { sequences: 'blocks', maxLength: 16 }, /bert\.encoder\.layer\.0/],
  ])(
    '%s: is written, is what its file says, and loads to the same vectors',
    async (name, options, tensors) => {
      const out = join(folder, `family-${name.replaceAll(' ', '-')}`);
      const { encoder, settings } = await pretrainText({
        data: some,
        out,
        ...tiny,
        batchSize: 8,
        epochs: 1,
        ...options,
      });
      expect(settings).toMatchObject(options);
      const { tensors: state } = await loadSafetensors(join(out, 'transformers/model.safetensors'));
      expect(names(state)).toMatch(tensors);
      const loaded = await loadTextEncoder(out);
      const expected = await encoder!.embed(some);
      expect((await loaded.embed(some)).data).toEqual(expected.data);
      // The folder of transformers is the same encoder to those who have no description.
      const foreign = await loadTextEncoder(join(out, 'transformers'));
      expect((await foreign.embed(some)).data).toEqual(expected.data);
      const filled = await loaded
        .fillMask('kab [MASK] kad', 2)
        .then(([mask]) => `${mask!.candidates.length} words`, String);
      const isMasked = settings['objective'] === 'masked-language-modelling';
      expect(filled).toMatch(isMasked ? '2 words' : /a head that scores words, got 'one with token-detection'/);
      for (const one of [encoder!, loaded, foreign]) one.dispose();
    },
    60_000,
  );

  it('learns by replaced tokens to part the topics, which a rate of almost 0 does not', async () => {
    const train = async (name: string, learningRate: number, epochs: number): Promise<readonly [number, number]> => {
      const options = {
        data: texts,
        out: join(folder, name),
        ...small,
        model: 'electra',
        epochs,
        learningRate,
      } as const;
      const { encoder } = await pretrainText({ ...options, maskProbability: 0.3 });
      const fresh = Array.from({ length: 80 }, (_, index) => textOf(index % topics));
      const mixed = mixing(await encoder!.embed(fresh));
      const { heldOutMaskedAccuracy } = encoder!.description.training as Record<string, number>;
      encoder!.dispose();
      return [heldOutMaskedAccuracy!, mixed];
    };
    const [learnt, idle] = [await train('detected', 5e-3, 16), await train('detected-idle', 1e-9, 1)];
    // The generator knows the topic, and so nobody can tell its words from others of the topic: one in 32 against one in 8.
    expect(learnt[0]).toBeGreaterThan(0.1);
    expect(idle[0]).toBeLessThan(0.08);
    expect(learnt[1]).toBeLessThan(0.6 * idle[1]);
  }, 120_000);
});

describe('refused before anything is made', () => {
  it.each<[string, Partial<PretrainTextOptions>, RegExp, { isInstance(error: unknown): boolean }]>([
    ['no texts', { data: [] }, /data holds no text/, DataError],
    ['blank texts', { data: ['', ' \n'] }, /data holds no text/, DataError],
    ['one text', { data: ['kab kad'] }, /a single sequence is all that has a token.*more text/, DataError],
    ['words that nobody can spell', { data: ['x'.repeat(200), 'y'.repeat(200)] }, /hold no word to learn/, DataError],
    ['a missing folder', { data: '/nowhere/notes' }, /nowhere.notes.*: /, DataError],
    [
      'a run among its texts',
      { data: 'notes', out: 'notes/run' },
      /out must be outside of the folder/,
      InvalidOptionError,
    ],
    ['no text', { data: ['a', 7] as never }, /data\[1\] must be a text, got 7/, InvalidOptionError],
    [
      'texts that come once',
      { data: (async function* () {})() as never },
      /data: \(\) => texts\(\)/,
      InvalidOptionError,
    ],
    [
      'a function of one text',
      { data: (() => 'a b') as never },
      /a function that gives an iterable/,
      InvalidOptionError,
    ],
    ['a folder in a Map', { data: new Map() as never }, /data must be a folder or file of texts/, InvalidOptionError],
    ['a field of an array', { field: 'body' }, /field must be left out where data is no path/, InvalidOptionError],
    [
      'a vocabulary too small',
      { vocabSize: 20 },
      /vocabSize must be at least \d+, for the special tokens/,
      InvalidOptionError,
    ],
    ['a batch too large', { batchSize: 5000 }, /batchSize must be at most 750, the sequences/, InvalidOptionError],
    ['no room for a token', { maxLength: 2 }, /maxLength must be an integer in \[3, /, InvalidOptionError],
    [
      'heads that do not fit',
      { hiddenSize: 10, numAttentionHeads: 3 },
      /numAttentionHeads must be a divisor/,
      InvalidOptionError,
    ],
    ['a width of 0', { hiddenSize: 0 }, /hiddenSize must be a positive integer/, InvalidOptionError],
    ['an unknown family', { model: 'gpt2' as never }, /model must be 'bert' or .*modernbert/, InvalidOptionError],
    [
      'an unknown objective',
      { objective: 'mlm' as never },
      /objective must be 'masked-language-modelling' or/,
      InvalidOptionError,
    ],
    ['unknown sequences', { sequences: 'rows' as never }, /sequences must be 'texts' or/, InvalidOptionError],
    ['blocks of a text', { data: ['kab kad'], sequences: 'blocks' }, /sequences: 'texts' in place/, DataError],
    ['a rate of 0', { learningRate: 0 }, /learningRate must be positive/, InvalidOptionError],
    ['a share above 1', { maskProbability: 2 }, /maskProbability/, InvalidOptionError],
    ['a misspelt option', { epoch: 2 } as never, /epoch must be a known option.*epochs/, InvalidOptionError],
  ])('%s', async (_, options, message, type) => {
    const error = await failure(options);
    expect(error.message).toMatch(message);
    expect(type.isInstance(error)).toBe(true);
  });

  it('texts in another encoding, with the line and the byte; others at the second reading', async () => {
    const path = join(folder, 'latin.txt');
    writeFileSync(path, Buffer.from('caf\u00e9', 'latin1'));
    expect((await failure({ data: path })).message).toMatch(
      /latin\.txt: line 1 is not valid UTF-8: byte 0xe9 at 3.*encoding/,
    );
    let call = 0;
    const error = await failure({ data: () => texts.slice(call++), out: join(folder, 'other') });
    expect(error.message).toMatch(/800 texts when it was read first and 799/);
  });
});

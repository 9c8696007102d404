import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError, ndArray, ShapeError } from '@selfsup/ssl-tensor/host';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventValue, readEvents, readMessage, readRecords } from '../../../../test/read-events.js';
import { runInfo } from '../../../../test/run-info.js';
import { toy } from '../../../../test/toy-run.js';
import { listCheckpoints } from '../../../checkpoint/checkpoint-directory.js';
import { logTo } from '../log-observer.js';
import { type TensorBoardLog, tensorBoardLog } from './tensorboard-log.js';
import { tfRecord } from './tf-record.js';

let directory: string;
let dir: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-board-'));
  dir = join(directory, 'runs', 'board');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function opened(startStep = 0): Promise<TensorBoardLog> {
  const board = tensorBoardLog(dir);
  await board.open(runInfo({ startStep }), () => undefined);
  return board;
}

/** Values but those that tell of the run. */
const values = (): EventValue[] => readEvents(dir).filter(({ tag }) => tag !== 'run');
const scalars = (): unknown[] => values().map(({ step, tag, fields }) => [step, tag, fields.get(2)?.[0]]);
const sub = (fields: EventValue['fields'], ...path: number[]): EventValue['fields'] =>
  path.reduce((message, field) => readMessage(message.get(field)![0] as Buffer), fields);

it('frames records as a naive reader wants them', () => {
  const records = ['', 'a', 'x'.repeat(1000)].map((text) => Buffer.from(text));
  const file = Buffer.concat(records.map(tfRecord));
  expect(readRecords(file)).toEqual(records);
  for (const place of [0, 9, 20, file.length - 1]) {
    const wrong = Buffer.from(file);
    wrong[place]! ^= 1;
    expect(() => readRecords(wrong)).toThrow(RangeError);
  }
});

it('writes numbers of any name and size at once', async () => {
  const board = await opened();
  board.scalars(1, { 'train/loss': 0.5, 'a[0]/größe 🙂': NaN });
  board.scalars(2 ** 40 + 1, { up: Infinity, down: -Infinity });
  expect(scalars()).toEqual([
    [1, 'train/loss', 0.5],
    [1, 'a[0]/größe 🙂', NaN],
    [2 ** 40 + 1, 'up', Infinity],
    [2 ** 40 + 1, 'down', -Infinity],
  ]);
  await board.close();
  await board.close();
  expect(readdirSync(dir)).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\./)]);
});

it('writes histograms, pictures and text', async () => {
  const board = await opened();
  board.histogram(1, 'weights', Float32Array.of(-1, 0, 1, NaN));
  board.histogram(1, 'broken', [NaN, Infinity]);
  const png = await sharp(new Uint8Array(5 * 7 * 4), { raw: { width: 5, height: 7, channels: 4 } })
    .png()
    .toBuffer();
  board.image(2, 'views', png);
  board.text(3, 'note', '**ä**');
  await board.close();
  const [histogram, nonFinite, broken, image, text] = values();
  expect([...sub(histogram!.fields, 5)].slice(0, 5)).toEqual([
    [1, [-1]],
    [2, [1]],
    [3, [3]],
    [4, [0]],
    [5, [2]],
  ]);
  expect([nonFinite, broken].map((value) => [value!.tag, value!.fields.get(2)])).toEqual([
    ['weights/nonFinite', [1]],
    ['broken/nonFinite', [2]],
  ]);
  expect([...sub(image!.fields, 4)]).toEqual([
    [1, [7]],
    [2, [5]],
    [3, [4]],
    [4, [png]],
  ]);
  expect(String(sub(text!.fields, 8).get(8)![0])).toBe('**ä**');
  expect(String(sub(text!.fields, 9, 1).get(1)![0])).toBe('text');
});

it('tells of the run with its settings', async () => {
  await (await opened()).close();
  const [run] = readEvents(dir);
  expect([run!.step, run!.tag]).toEqual([0, 'run']);
  expect(String(sub(run!.fields, 8).get(8)![0])).toMatch(/^Steps 1 to 20\.\n\n {4}\{\n {6}"method": "toy"[^]*"AdamW"/);
});

describe('a run that goes on', () => {
  it('takes back what it tells again, in files that are read in the order of its parts', async () => {
    // Parts of one second, and a clock that was set back in between.
    const numbers = async (startStep: number, ...steps: number[]): Promise<void> => {
      const board = await opened(startStep);
      for (const step of steps) board.scalars(step, { part: startStep });
      await board.close();
    };
    await numbers(0, 0, 1, 2, 3, 4, 5);
    await numbers(3, 4, 5, 6);
    writeFileSync(join(dir, 'events.out.tfevents.4000000000.host.1.0'), readFileSync(join(dir, readdirSync(dir)[1]!)));
    await numbers(4, 5);
    expect(readdirSync(dir)).toHaveLength(4);
    expect(scalars()).toEqual([0, 0, 0, 0, 3, 4].map((part, step) => [step, 'part', part]));
    await numbers(0, 1);
    expect(scalars()).toEqual([[1, 'part', 0]]);
  });

  it('has every step once, as an unbroken one', async () => {
    const run = async (name: string) => {
      const observers = [
        { onEpochEnd: ({ epoch }: { epoch: number }) => ({ knn: epoch }) },
        logTo(tensorBoardLog(dir)),
      ];
      await toy({ epochs: 4, checkpoint: { dir: join(directory, name), keep: 9 }, observers }).trainer.fit();
      return values()
        .filter(({ tag }) => !/^run\/[sw]/.test(tag))
        .map(({ step, tag, fields }) => [step, tag, fields.get(2)]);
    };
    const unbroken = await run('a');
    expect(unbroken).toHaveLength(20 * 4 + 4);
    for (const { step, path } of await listCheckpoints(join(directory, 'a'))) if (step > 10) rmSync(path);
    expect(await run('a')).toEqual(unbroken);
    expect(await run('b')).toEqual(unbroken);
  });
});

describe('embeddings', () => {
  const vectors = ndArray(Float32Array.of(1, 0.1, -2, NaN), [2, 2]);
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');

  it('lie beside the events, in folders of their own', async () => {
    const board = await opened();
    const done = board.embeddings(5, 'a/"b" é', vectors, { metadata: { class: ['x\ty', ''], id: [1, 2] } });
    await board.embeddings(5, '../../up', vectors, { metadata: ['', 'two\nlines'] });
    await board.embeddings(10, '../../up', vectors);
    await done;
    await board.close();
    expect(read('projector_config.pbtxt')).toBe(`embeddings {
  tensor_name: "a/\\042b\\042 \\303\\251/step-5"
  tensor_path: "projector/a%2f%22b%22%20%c3%a9/00000005/tensors.tsv"
  metadata_path: "projector/a%2f%22b%22%20%c3%a9/00000005/metadata.tsv"
}
embeddings {
  tensor_name: "../../up/step-5"
  tensor_path: "projector/%2e%2e%2f%2e%2e%2fup/00000005/tensors.tsv"
  metadata_path: "projector/%2e%2e%2f%2e%2e%2fup/00000005/metadata.tsv"
}
embeddings {
  tensor_name: "../../up/step-10"
  tensor_path: "projector/%2e%2e%2f%2e%2e%2fup/00000010/tensors.tsv"
}
`);
    expect(read('projector/a%2f%22b%22%20%c3%a9/00000005/tensors.tsv')).toBe('1\t0.100000001\n-2\tNaN\n');
    expect(read('projector/a%2f%22b%22%20%c3%a9/00000005/metadata.tsv')).toBe('class\tid\nx y\t1\n-\t2\n');
    expect(read('projector/%2e%2e%2f%2e%2e%2fup/00000005/metadata.tsv')).toBe('-\ntwo lines\n');
  });

  it('of a run that goes on are those up to its step; a fresh one has none', async () => {
    const first = await opened();
    await first.embeddings(5, 'a', vectors);
    const state = JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>;
    await first.embeddings(10, 'a', vectors);
    await first.close();
    const second = tensorBoardLog(dir);
    second.restore(state);
    await second.open(runInfo({ startStep: 7 }), () => undefined);
    expect(read('projector_config.pbtxt').match(/step-\d+/g)).toEqual(['step-5']);
    await second.close();
    await (await opened()).close();
    expect(read('projector_config.pbtxt')).toBe('');
    for (const wrong of [null, {}, [1], [{ step: 1, name: 'a' }]])
      expect(() => tensorBoardLog(dir).restore(wrong)).toThrow('is no list of embeddings');
  });

  it('of other shapes are refused', async () => {
    const board = await opened();
    await expect(board.embeddings(1, 'a', ndArray(new Float32Array(4), [4]))).rejects.toThrow(ShapeError);
    await expect(board.embeddings(1, 'a', [[1]] as never)).rejects.toThrow(InvalidOptionError);
    await expect(board.embeddings(1, 'a', vectors, { metadata: ['a'] })).rejects.toThrow(/2 texts, one per vector/);
    await expect(board.embeddings(1, 'a', vectors, { metadata: { x: ['a'] } })).rejects.toThrow(/metadata\.x must be/);
    expect(() => board.embeddings(1, 'a', vectors, { labels: [] } as never)).toThrow(/a known option/);
    await board.close();
  });
});

it('is one run’s, and notices when it is taken away', async () => {
  const board = await opened();
  await expect(opened()).rejects.toThrow(/in use by this very process/);
  rmSync(dir, { recursive: true });
  expect(() => board.scalars(1, { a: 1 })).toThrow(/the event file was removed while the run went on/);
  await board.close();
});

it('refuses what would be something else, and shows what helps', async () => {
  for (const wrong of ['', '~/board', undefined])
    expect(() => tensorBoardLog(wrong as string)).toThrow(InvalidOptionError);
  const board = await opened();
  const image = (png: unknown) => () => board.image(1, 'a', png as Uint8Array);
  expect(image(new Uint8Array(100))).toThrow(/png must be the bytes of a PNG file.*await sharp\(pixels/);
  expect(
    image(
      await sharp(new Uint8Array(12), { raw: { width: 2, height: 2, channels: 3 } })
        .png()
        .toBuffer(),
    ),
  ).not.toThrow();
  expect(() => board.scalars(-1, { a: 1 })).toThrow(/step must be an integer of 0 or more/);
  expect(() => board.scalars(1, { '': 1 })).toThrow(/name must be a name/);
  expect(() => board.histogram(1, 'a', Promise.resolve() as never)).toThrow(/await tensor\.data\(\)/);
  await board.close();
});

it('has its embeddings again as soon as they are restored', () => {
  const board = tensorBoardLog(dir);
  const saved = [{ step: 3, name: 'digits', hasMetadata: true }];
  board.restore(saved);
  expect(board.state()).toEqual(saved);
});

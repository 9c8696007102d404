// Writes event files as an interrupted and resumed run does, and looks at what the server of the real TensorBoard
// shows of them, with each of its two readers. Makes a virtual environment with tensorboard from PyPI: a minute.
//
//   npm run test:tensorboard -- [--python /path/to/python3]
//
// --python   one that has tensorboard, in place of a new environment
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { strict as assert } from 'node:assert';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ndArray } from '@selfsup/ssl-tensor';
import { tensorBoardLog } from '@selfsup/ssl-train';
import sharp from 'sharp';
import { runInfo } from '../../packages/ssl-train/test/run-info.js';
import { repositoryRoot } from '../../tools/workspaces.js';
import { call, pythonWith } from './python-with.js';

/** What read_events.py writes. */
interface Report {
  readonly version: string;
  readonly shown: readonly {
    readonly reader: string;
    readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: number | string | null])[]>>;
    readonly histograms: Readonly<Record<string, readonly object[]>>;
    readonly images: Readonly<Record<string, readonly object[]>>;
    readonly texts: Readonly<Record<string, readonly (readonly [step: number, text: string])[]>>;
    readonly projector: readonly object[];
  }[];
}

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'ssl-tensorboard-'));
const dir = join(folder, 'board');
const png = await sharp(new Uint8Array(5 * 7 * 3).fill(128), { raw: { width: 5, height: 7, channels: 3 } })
  .png()
  .toBuffer();

async function part(startStep: number, steps: readonly number[]): Promise<void> {
  const board = tensorBoardLog(dir);
  await board.open(runInfo({ startStep }), () => undefined);
  for (const step of steps) {
    board.scalars(step, { 'train/loss': startStep + step / 100, 'größe [0]/🙂': step === 2 ? NaN : -Infinity });
    board.histogram(step, 'weights', Float32Array.of(-1, 0, 0, 1));
    board.image(step, 'views', png);
    board.text(step, 'note', `step **${step}** of ${startStep}`);
    await board.embeddings(step, '../"ä"', ndArray(Float32Array.of(1, 0.1, -2, step), [2, 2]), {
      metadata: { class: ['x', 'ü'], id: [1, step] },
    });
  }
  await board.close();
}

try {
  await part(0, [1, 2, 3, 4]);
  // As a kill in the middle of a record leaves it.
  appendFileSync(
    join(
      dir,
      readdirSync(dir).find((name) => name.includes('tfevents'))!,
    ),
    Buffer.from([200, 1, 0]),
  );
  await part(2, [3, 4, 5]);
  const python = options.python ?? pythonWith(folder, 'tensorboard');
  const path = join(folder, 'report.json');
  call(python, join(repositoryRoot, 'test/loggers/read_events.py'), dir, path);
  const { version, shown } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const at = (value: (step: number, start: number) => unknown): unknown[] =>
    [1, 2, 3, 4, 5].map((step) => [step, value(step, step > 2 ? 2 : 0)]);
  for (const { reader, scalars, texts, histograms, images, projector } of shown) {
    assert.deepEqual(scalars, {
      'train/loss': at((step, start) => Math.fround(start + step / 100)),
      'größe [0]/🙂': at((step) => (step === 2 ? 'NaN' : '-Infinity')),
    });
    assert.deepEqual(
      texts['note'],
      at((step, start) => `<p>step <strong>${step}</strong> of ${start}</p>`),
    );
    assert.deepEqual(
      texts['run']!.map(([step]) => step),
      [0, 2],
    );
    const counts = Array.from({ length: 30 }, (_, bucket) => ({ 0: 1, 15: 2, 29: 1 })[bucket] ?? 0);
    assert.deepEqual(
      histograms['weights'],
      [1, 2, 3, 4, 5].map((step) => ({ step, ends: [-1, 1], counts })),
    );
    assert.deepEqual(
      images['views'],
      [1, 2, 3, 4, 5].map((step) => ({ step, png: png.toString('hex') })),
    );
    assert.deepEqual(
      projector,
      // No state was restored, so that the second part has its own alone.
      [3, 4, 5].map((step) => ({
        name: `../"ä"/step-${step}`,
        shape: [2, 2],
        values: [1, 0.1, -2, step].map(Math.fround),
        metadata: `class\tid\nx\t1\nü\t${step}\n`,
      })),
    );
    console.log(`TensorBoard ${version}, ${reader}: all is shown as written, every step once`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

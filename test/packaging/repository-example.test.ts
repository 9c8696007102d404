import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, inject, test } from 'vitest';

import { unexpectedErrorOutput } from './expected-output.js';
import { node } from './node-process.js';

const { directory, diagnostics } = inject('consumer');

/** Classes of the pictures: the colour in which each has the most light. */
const colours = ['blue', 'green', 'red'] as const;
const perClass = 14;
const channelOf = (colour: string): number => ['red', 'green', 'blue'].indexOf(colour);

/** The README's ten lines, made small: what it takes off is size and length only. */
function shrunk(example: string): string {
  const changes = [
    [/size: \d+/, 'size: 32'],
    [/batchSize: \d+/, 'batchSize: 20'],
    [/\d+ \* loader\.batchesPerEpoch/, '2 * loader.batchesPerEpoch'],
  ] as const;
  return changes.reduce((code, [pattern, replacement]) => {
    expect(code).toMatch(pattern);
    return code.replace(pattern, replacement);
  }, example);
}

/** Pictures of a folder per class: noise, with light of the class's colour. */
async function makePhotos(folder: string): Promise<void> {
  for (const colour of colours) {
    await mkdir(join(folder, colour), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const data = Uint8Array.from(
        { length: 40 * 48 * 3 },
        (_, j) => (j % 3 === channelOf(colour) ? 170 : 30) + ((i * 37 + j * (i + 3)) % 64),
      );
      await sharp(data, { raw: { width: 48, height: 40, channels: 3 } })
        .png()
        .toFile(join(folder, colour, `photo-${i}.png`));
    }
  }
}

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(directory, 'run-repository-'));
  await makePhotos(join(cwd, 'photos'));
});

/** Runs one of the README's blocks beside the pictures. */
async function runBlock(index: number, change = (code: string) => code): Promise<string> {
  const script = join(cwd, `block-${index}.js`);
  await writeFile(script, change(await readFile(join(directory, `examples/repository-${index}.js`), 'utf8')));
  const { code, stdout, stderr } = await node([script], { cwd });
  expect({ code, stderr: unexpectedErrorOutput(stderr) }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

test("the blocks of the repository's README type-check", () => {
  expect(diagnostics.filter((line) => line.startsWith('examples/repository-'))).toEqual([]);
});

test('the first pretrains on a folder of images in one call, and embeds them with what it wrote', async () => {
  const small = "out: 'runs/photos', imageSize: 32, batchSize: 20, epochs: 1, progress: 'silent'";
  const printed = await runBlock(0, (code) => code.replace("out: 'runs/photos'", small));
  expect(printed).toMatch(/^42 pictures, \d+ features each\n$/);
  const files = ['encoder.safetensors', 'encoder.onnx', 'log.jsonl', 'config.json', 'report.html', 'by-hand.ts'];
  for (const file of files) expect((await readFile(join(cwd, 'runs/photos', file))).byteLength).toBeGreaterThan(100);
  // The pictures lie in a folder per class.
  expect(await readFile(join(cwd, 'runs/photos/log.jsonl'), 'utf8')).toMatch(/"knn":(?:0\.\d+|1)\b/);
});

test('the second pretrains on a folder of images by hand', async () => {
  await runBlock(1, shrunk);
  const saved = await readFile(join(cwd, 'encoder.safetensors'));
  expect(saved.byteLength).toBeGreaterThan(4 * 11_000_000);
  expect(saved.toString('latin1', 8, 8 + Number(saved.readBigUInt64LE(0)))).toContain('"layer4.1.bn2.running_mean"');
});

test('the third, as it stands, draws neighbours of that encoder and tells the classes apart by ten labels each', async () => {
  const printed = await runBlock(2);
  const [, percent] =
    /^(?<percent>[\d.]+) % of the others are named right from ten labels per class\n$/.exec(printed) ?? [];
  // A guess is right for a third.
  expect(Number(percent)).toBeGreaterThan(80);

  // Pictures 0, 10, 20 and 30 with seven neighbours each, in cells of 64 pixels with 4 between.
  const drawing = sharp(join(cwd, 'neighbours.png')).removeAlpha().raw();
  const { data, info } = await drawing.toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([8 * 68 + 4, 4 * 68 + 4]);
  const brightest = (row: number, column: number): number => {
    const sums = [0, 0, 0];
    for (let y = 0; y < 64; y++)
      for (let x = 0; x < 64; x++) {
        const pixel = (4 + 68 * row + y) * info.width + 4 + 68 * column + x;
        sums.forEach((sum, channel) => (sums[channel] = sum + data[3 * pixel + channel]!));
      }
    return sums.indexOf(Math.max(...sums));
  };
  for (const [row, picture] of [0, 10, 20, 30].entries()) {
    const channel = channelOf(colours[Math.floor(picture / perClass)]!);
    const drawn = Array.from({ length: 8 }, (_, column) => brightest(row, column));
    expect(drawn[0], `picture ${picture}`).toBe(channel);
    expect(drawn.filter((other) => other === channel).length, `like picture ${picture}`).toBeGreaterThanOrEqual(6);
  }
});

test('the fourth pretrains on a folder of texts in one call, and embeds texts with what it wrote', async () => {
  await mkdir(join(cwd, 'notes'));
  const notes = Array.from({ length: 60 }, (_, i) => `the ${colours[i % 3]} bird and ${i % 7} others`);
  await writeFile(join(cwd, 'notes/birds.txt'), notes.join('\n'));
  const small = "out: 'runs/notes', hiddenSize: 16, epochs: 1, progress: 'silent'";
  const printed = await runBlock(3, (code) => code.replace("out: 'runs/notes'", small));
  expect(printed).toBe('2 texts, 16 features each\n');
  for (const file of ['encoder.safetensors', 'encoder.onnx', 'by-hand.ts', 'transformers/model.safetensors'])
    expect((await readFile(join(cwd, 'runs/notes', file))).byteLength).toBeGreaterThan(100);
});

test('the README has no other block', async () => {
  await expect(readFile(join(directory, 'examples/repository-4.js'))).rejects.toThrow('ENOENT');
});

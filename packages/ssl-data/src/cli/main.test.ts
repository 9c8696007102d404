import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSidecar } from '../webdataset/index-sidecar.js';
import type { ShardIndex } from '../webdataset/shard-index.js';
import { WebDataset } from '../webdataset/web-dataset.js';
import { nativeTurboJpeg } from '../image/native-turbojpeg.js';
import { main } from './main.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));

let base: string;
let photos: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'ssl-data-cli-'));
  photos = join(base, 'photos');
});
afterEach(() => rm(base, { recursive: true }));

async function cli(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (written[name] += text) });
  const status = await main(argv, { stdout: stream('stdout'), stderr: stream('stderr') });
  return { status, ...written };
}

/** Exit status 1 and one line on standard error, nothing on standard output. */
async function expectOneLine(argv: readonly string[], pattern: RegExp): Promise<void> {
  const { status, stdout, stderr } = await cli(...argv);
  expect(stderr).toMatch(pattern);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect([status, stdout]).toEqual([1, '']);
}

/** A picture of one colour. */
async function photo(name: string, level: number, height: number, width: number): Promise<void> {
  const path = join(photos, name);
  await mkdir(dirname(path), { recursive: true });
  const raw = { width, height, channels: 3 as const };
  await sharp(Buffer.alloc(height * width * 3, level), { raw })
    .png()
    .toFile(path);
}

async function somePhotos(): Promise<void> {
  await photo('cat/1.png', 10, 3, 4);
  await photo('cat/2.png', 20, 5, 4);
  await photo('dog/1.png', 30, 3, 7);
}

describe('ssl-data', () => {
  it('shows help and version on standard output', async () => {
    const [top, none, inspect, pack, version] = [
      await cli('--help'),
      await cli(),
      await cli('inspect', '--help'),
      await cli('pack', '-h'),
      await cli('--version'),
    ];
    expect(none).toEqual(top);
    for (const text of ['inspect', 'pack', '--version', '--debug']) expect(top.stdout).toContain(text);
    for (const option of ['--check', '--sheet', '--json', '--kind', '--split'])
      expect(inspect.stdout).toContain(option);
    for (const option of ['--to', '--max-samples', '--max-bytes', '--pattern', '--overwrite', '--quiet'])
      expect(pack.stdout).toContain(option);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const { status, stderr } of [top, inspect, pack, version]) expect([status, stderr]).toEqual([0, '']);
  });

  it('reads a table in the encoding that is said', async () => {
    await somePhotos();
    const table = join(photos, 'table.csv');
    await writeFile(table, Buffer.from('image,label\ncat/1.png,Köln\ndog/1.png,Bonn\n', 'latin1'));
    await expectOneLine(['inspect', table], /line 2 is not valid UTF-8: byte 0xf6 at 23; pass its encoding/);
    const { status, stdout } = await cli('inspect', table, '--encoding', 'latin1', '--json');
    expect([status, (JSON.parse(stdout) as { classes: unknown }).classes]).toMatchObject([
      0,
      [{ name: 'Bonn' }, { name: 'Köln' }],
    ]);
    await expectOneLine(['inspect', table, '--encoding', 'morse'], /encoding must be one that TextDecoder knows/);
  });

  it('answers what it does not know in one line', async () => {
    await expectOneLine(
      ['inspct'],
      /^ssl-data: InvalidOptionError: .*one of inspect, pack, got 'inspct'\. Did you mean 'inspect'\?/,
    );
    await expectOneLine(['--nope'], /one of --help, --version, --debug, got '--nope'/);
    await expectOneLine(['inspect'], /ssl-data inspect: <source> must be given/);
    await expectOneLine(['inspect', 'x', '--chek'], /got '--chek'\. Did you mean '--check'\?/);
    await expectOneLine(['inspect', 'x', '-z'], /got '-z'\n$/);
    await expectOneLine(['pack', base, 'x', '--to', 'LMDB'], /got 'LMDB'\. Did you mean 'lmdb'\?/);
    await expectOneLine(['inspect', join(base, 'none')], /^ssl-data: DataError: .*none: no such file or folder/);
    await expectOneLine(['inspect', base, '--kind', 'zip'], /--kind must be one of image-folder, .*got 'zip'/);
    await expectOneLine(['pack', base, 'x', '--to', 'zip'], /--to must be one of webdataset, lmdb, got 'zip'/);
    await expectOneLine(['pack', base, 'x', '--max-bytes', '1T'], /--max-bytes must be a number of bytes/);
    await expectOneLine(['pack', base, 'x', '--max-samples', '0'], /--max-samples must be an integer/);
    await expectOneLine(['pack', base, 'x', '--quality', '3'], /--quality must be given with --format/);
  });

  it('packs into no folder that it reads, and not over a file', async () => {
    await somePhotos();
    const before = await readdir(photos, { recursive: true });
    for (const out of [photos, join(photos, 'packed'), join(photos, 'cat', '..', 'deep', 'er')])
      await expectOneLine(['pack', photos, out], /<out> must be outside of the source, .*photos, got/);
    await expectOneLine(['pack', photos, join(photos, 'db'), '--to', 'lmdb'], /<out> must be outside of the source/);
    expect(await readdir(photos, { recursive: true })).toEqual(before);
    const file = join(base, 'notes');
    await writeFile(file, 'mine');
    await expectOneLine(['pack', photos, file, '--to', 'lmdb'], /^ssl-data: DataError: .*notes.*cannot be written/);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await cli('pack', photos, `${photos}-packed`, '-q')).status).toBe(0);
  });

  it('shows a stack only where asked for', async () => {
    const { status, stderr } = await cli('inspect', join(base, 'none'), '--debug');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\s+at .*source-place/m);
  });
});

describe('ssl-data inspect', () => {
  it('counts, and measures a sample', async () => {
    await somePhotos();
    const jpegDecoder = (await nativeTurboJpeg())?.library ?? 'WebAssembly';
    const { status, stdout, stderr } = await cli('inspect', photos);
    expect(stdout).toBe(`source   ${photos}
kind     image-folder (images)
samples  3
classes  2
         0  cat  2
         1  dog  1
sizes    height 3 to 5, width 4 to 7, channels 3 (of 3 samples)
JPEGs    decoded by ${jpegDecoder}
`);
    expect([status, stderr]).toEqual([0, '']);
    const json = await cli('inspect', photos, '--json', '--labels', 'none');
    expect(JSON.parse(json.stdout)).toEqual({
      source: photos,
      kind: 'image-folder',
      content: 'images',
      samples: 3,
      jpegDecoder,
      sizes: { read: 3, axes: { height: [3, 5], width: [4, 7], channels: [3, 3] } },
    });
  });

  it('tells what it leaves out, and refuses classes without images', async () => {
    await somePhotos();
    await writeFile(join(photos, 'cat/3.heic'), '');
    await writeFile(join(photos, 'cat/4.heic'), '');
    await writeFile(join(photos, 'cat/notes'), '');
    const { stdout } = await cli('inspect', photos);
    expect(stdout).toContain(
      '\nleft out 2 .heic (pictures that are not read): cat/3.heic, cat/4.heic\n         1 no ending: cat/notes\n',
    );
    expect(JSON.parse((await cli('inspect', photos, '--json')).stdout)).toMatchObject({
      leftOut: [
        { kind: '.heic', count: 2 },
        { kind: 'no ending', count: 1, names: ['cat/notes'] },
      ],
    });
    await mkdir(join(photos, 'bee'));
    await expectOneLine(['inspect', photos], /the class folders 'bee' hold nothing that can be read/);
    expect((await cli('inspect', photos, '--allow-empty')).stdout).toContain(
      '\n         0  bee  0\n         1  cat  2\n',
    );
    await writeFile(join(base, 'classes.txt'), 'dog\ncat\n');
    expect((await cli('inspect', photos, '--classes', join(base, 'classes.txt'))).stdout).toContain('0  dog  1\n');
    await expectOneLine(['inspect', photos, '--recognise', 'x'], /--recognise must be one of endings, contents/);
  });

  it('takes options of the kind, as messages advise them', async () => {
    await somePhotos();
    const table = join(photos, 'table.csv');
    await writeFile(table, 'photo,kind\ncat/1.png,a\ndog/1.png,b\n');
    await expectOneLine(['inspect', table], /no column has a usual name for images; .*pass imageColumn/);
    const { stdout } = await cli('inspect', table, '--options', '{"imageColumn":"photo","labelColumn":"kind"}');
    expect(stdout).toContain('\nclasses  2\n         0  a  1\n         1  b  1\n');
    await expectOneLine(
      ['inspect', table, '--options', '{"imageColum":"photo"}'],
      /options must be of manifest: root, format, delimiter, imageColumn, .*, got 'imageColum'/,
    );
    for (const text of ['x', '[]', 'null', '5'])
      await expectOneLine(['inspect', table, '--options', text], /--options must be an object in JSON/);
  });

  it('finds broken samples, with path and reason', async () => {
    for (let index = 0; index < 40; index++) await photo(`${10 + index}.png`, index, 2, 2);
    const whole = await readFile(join(photos, '17.png'));
    await writeFile(join(photos, '17.png'), whole.subarray(0, 50));
    await writeFile(join(photos, '33.png'), 'no picture');
    const all = await cli('inspect', photos, '--check');
    expect(all.status).toBe(1);
    expect(all.stdout).toMatch(/^broken {3}2 of 40 that were read$/m);
    expect(all.stdout).toMatch(/^ {9}7 {2}.*17\.png: cannot be decoded: .+$/m);
    expect(all.stdout).toMatch(/^ {9}23 {2}.*33\.png at byte 0: cannot be decoded: .+$/m);
    expect(all.stderr).toBe('ssl-data: 2 of 40 samples cannot be read\n');
    const part = await cli('inspect', '--check', '20', photos, '--json');
    const { check } = JSON.parse(part.stdout) as { check: unknown };
    expect([part.status, check]).toEqual([0, { read: 20, broken: 0, listed: [] }]);
    await expectOneLine(['inspect', photos, '--check=0'], /--check must be without a number/);
  });

  it.skipIf(process.platform === 'win32')('shows names that would steer a terminal', async () => {
    await photo('\u001b[2J/1.png', 1, 2, 2);
    await writeFile(join(photos, '\u001b[2J', '\u0007.png'), 'no picture');
    const { stdout } = await cli('inspect', photos);
    expect(stdout).toMatch(/^ {9}0 {2}\\x1b\[2J {2}2$/m);
    expect(stdout).toContain('\\x07.png at byte 0: cannot be decoded');
    expect((await cli('inspect', join(photos, '\u001b[2K'))).stderr).toContain('\\x1b[2K: no such file');
    await writeFile(join(photos, 'x.heic'), '');
    const packed = await cli('pack', photos, join(base, 'out\u001b[2K'), '--to', 'webdataset');
    expect(packed.stdout).toMatch(/out\\x1b\[2K\/000000\.tar\n$/);
    expect(packed.stderr).toContain('Left out 1 .heic; ssl-data inspect names them\n');
  });

  it('draws a contact sheet in which a broken sample is red', async () => {
    await somePhotos();
    await writeFile(join(photos, 'dog/2.png'), 'no picture');
    const sheet = join(base, 'out', 'sheet.png');
    const { stderr, status } = await cli('inspect', photos, '--sheet', sheet);
    expect(stderr).toBe(`Contact sheet: ${sheet} (468 x 120)\nssl-data: 1 of 4 samples cannot be read\n`);
    expect(status).toBe(1);
    const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
    const middles = [0, 1, 2, 3].map((column) => {
      const at = (60 * info.width + 60 + column * 116) * info.channels;
      return [...data.subarray(at, at + 3)];
    });
    expect(middles).toEqual([
      [10, 10, 10],
      [20, 20, 20],
      [30, 30, 30],
      [204, 0, 0],
    ]);
  });

  it('looks into volumes', async () => {
    await mkdir(photos);
    await copyFile(join(arrays, 'fortran-4.npy'), join(photos, 'v.npy'));
    const sheet = join(base, 'sheet.png');
    const { stdout, status } = await cli('inspect', photos, '--sheet', sheet);
    expect(stdout).toContain('volume-folder (volumes)');
    expect(stdout).toContain('sizes    depth 2, height 3, width 4, channels 5 (of 1 samples)');
    expect([status, (await sharp(sheet).metadata()).width]).toEqual([0, 120]);
  });
});

describe('ssl-data pack', () => {
  it('packs shards that hold the same samples, and lists them', async () => {
    await somePhotos();
    const out = join(base, 'packed');
    const { status, stdout, stderr } = await cli('pack', photos, out, '--to', 'webdataset', '--max-samples', '2');
    expect(stdout).toBe(`${join(out, '000000.tar')}\n${join(out, '000001.tar')}\n`);
    expect(stderr).toMatch(/^Packed 3 samples, [\d.]+ kB, into .*packed\n$/);
    expect(status).toBe(0);
    const names = ['000000.tar', '000000.tar.index.json', '000001.tar', '000001.tar.index.json'];
    expect((await readdir(out)).sort()).toEqual(names);
    const packed = await WebDataset.open(out);
    const samples = await Promise.all([0, 1, 2].map((index) => packed.get(index)));
    expect(samples.map(({ image, label }) => [image.data[0], image.shape, label])).toEqual([
      [10, [3, 4, 3], 0],
      [20, [5, 4, 3], 0],
      [30, [3, 7, 3], 1],
    ]);
    await packed.close();
    const again = await cli('inspect', out);
    expect(again.stdout).toMatch(/^kind {5}webdataset \(images\)\nsamples {2}3\nclasses {2}2$/m);
  });

  it('refuses to overwrite unless told to, and then replaces all', async () => {
    await somePhotos();
    const out = join(base, 'packed');
    await cli('pack', photos, out, '--max-samples', '1', '--quiet');
    await expectOneLine(
      ['pack', photos, out],
      /packed: holds 3 shards of the pattern %06d\.tar already; choose another folder, or give --overwrite/,
    );
    const other = await cli('pack', photos, out, '--pattern', 'val-%03d.tar', '--json', '--quiet');
    expect(JSON.parse(other.stdout)).toMatchObject({ samples: 3, files: [join(out, 'val-000.tar')] });
    expect([other.status, other.stderr]).toEqual([0, '']);
    // The shards that are read are the ones that are replaced.
    await cli('pack', `${out}/{000001..000002}.tar`, out, '--overwrite', '--quiet');
    expect((await readdir(out)).filter((name) => name.endsWith('.tar')).sort()).toEqual(['000000.tar', 'val-000.tar']);
    expect((await WebDataset.open(join(out, '000000.tar'))).length).toBe(2);
  });

  it('leaves nothing where it fails, and what was there before', async () => {
    await somePhotos();
    const [source, out] = [join(base, 'source'), join(base, 'packed')];
    await cli('pack', photos, source, '--quiet');
    await cli('pack', photos, out, '--quiet');
    const before = await readFile(join(out, '000000.tar'));
    // A member that the opening does not look at is another than its index says, which shows when it is read.
    const shard = join(source, '000000.tar');
    const damaged = Buffer.from(before);
    damaged.write('000010.png', damaged.lastIndexOf('000001.png')); // The header's sum stays.
    await writeFile(shard, damaged);
    const index = JSON.parse(await readFile(`${shard}.index.json`, 'utf8')) as ShardIndex;
    await writeSidecar(`${shard}.index.json`, index, (await stat(shard)).mtimeMs);
    const all = [source, '--quiet', '--max-samples', '1'];
    await expectOneLine(
      ['pack', ...all, out, '--overwrite'],
      /000000\.tar.*does not hold '000001\.png' where its index says/,
    );
    await expectOneLine(['pack', ...all, join(base, 'new')], /does not hold '000001\.png'/);
    await expectOneLine(
      ['pack', ...all, join(base, 'new'), '--pattern', 'x'],
      /pattern must be a file name with one '%06d'/,
    );
    expect(await readFile(join(out, '000000.tar'))).toEqual(before);
    expect((await readdir(out)).sort()).toEqual(['000000.tar', '000000.tar.index.json']);
    expect((await readdir(base)).sort()).toEqual(['packed', 'photos', 'source']);
  });
});

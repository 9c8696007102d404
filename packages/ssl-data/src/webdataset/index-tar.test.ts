import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, describe, expect, it } from 'vitest';
import { indexTar } from './index-tar.js';
import { sidecarPath } from './index-sidecar.js';
import { WebDataset } from './web-dataset.js';

const goldens = fileURLToPath(new URL('../../../../test/golden/webdataset/', import.meta.url));
const golden = JSON.parse(await readFile(join(goldens, 'expected.json'), 'utf8')) as {
  readonly archives: Record<string, readonly { readonly key: string; readonly members: Record<string, string> }[]>;
};
const folder = await mkdtemp(join(tmpdir(), 'tar-'));
afterAll(() => rm(folder, { recursive: true }));

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
}

const good = await readFile(join(goldens, 'package.tar'));

/** Changes a header and sets its checksum right. */
function changed(bytes: Uint8Array, at: number, change: (header: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  const header = copy.subarray(at, at + 512);
  change(header);
  header.fill(32, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return copy;
}

describe('indexTar', () => {
  it.each(Object.entries(golden.archives))('finds in %s what the Python package finds', async (name, samples) => {
    const path = join(folder, name);
    await copyFile(join(goldens, name), path);
    const index = await indexTar(path);
    expect(index.keys).toEqual(samples.map(({ key }) => key));
    const dataset = await WebDataset.open(path, { label: 'none', imageExtensions: ['jpg', 'png', 'bin'] });
    for (const [number, { key, members }] of samples.entries()) {
      const raw = await dataset.getRaw(number);
      expect(raw.key).toBe(key);
      expect(
        Object.fromEntries(
          [...raw.members].map(([extension, bytes]) => [extension, Buffer.from(bytes).toString('base64')]),
        ),
      ).toEqual(members);
    }
    await dataset.close();
    const kept: unknown = JSON.parse(await readFile(sidecarPath(path), 'utf8'));
    expect(kept).toMatchObject({ version: 2, ...index });
  });

  it('reads sizes in base 256 and signed checksums', async () => {
    const binary = changed(good, 0, (header) => {
      const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
      header.fill(0, 124, 136);
      header[124] = 0x80;
      header.writeUInt32BE(size, 132);
    });
    expect(await indexTar(await stored('binary.tar', binary))).toEqual(await indexTar(await stored('good.tar', good)));
    const latin = changed(good, 0, (header) => (header[0] = 0xe9));
    const signed = Buffer.from(latin);
    const sum = Number.parseInt(latin.toString('latin1', 148, 154), 8) - 256;
    signed.write(sum.toString(8).padStart(6, '0'), 148, 'latin1');
    expect((await indexTar(await stored('signed.tar', signed))).keys[0]).toBe('é00000');
  });

  it.each<[string, Uint8Array, RegExp, number | undefined]>([
    ['empty', new Uint8Array(0), /is empty; fetch it again/, 0],
    ['gzip', gzipSync(good), /compressed by gzip.*unpack it: gunzip/, 0],
    ['bzip2', Buffer.from('BZh91AY&SY'), /compressed by bzip2.*unpack it: bunzip2/, 0],
    ['xz', Buffer.from('\xfd7zXZ\0', 'latin1'), /compressed by xz.*unpack it: unxz/, 0],
    ['Zstandard', Buffer.from('(\xb5/\xfd\0', 'latin1'), /compressed by Zstandard.*unpack it: unzstd/, 0],
    ['text', Buffer.alloc(1024, 'no archive'), /is no tar archive/, 0],
    ['short', good.subarray(0, 300), /truncated/, 300],
    ['inside', good.subarray(0, 1200), /truncated/, 1200],
    ['boundary', good.subarray(0, 1024), /truncated: it stops before its end mark/, 1024],
    ['checksum', Buffer.from(good).fill(0x31, 1030, 1031), /checksum of a header is wrong/, 1024],
    ['size', changed(good, 0, (header) => header.write('77777777777', 124)), /truncated/, 0],
    ['letters', changed(good, 0, (header) => header.write('12x', 124)), /no valid size/, 0],
    ['negative', changed(good, 0, (header) => header.fill(0xff, 124, 136)), /no valid size/, 0],
    ['sparse', changed(good, 0, (header) => header.write('S', 156)), /sparse file/, 0],
  ])('refuses a bad archive: %s', async (name, bytes, message, offset) => {
    const path = await stored(`${name}.tar`, bytes);
    const error = await indexTar(path).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
    expect([error.path, error.offset]).toEqual([path, offset]);
  });

  it('refuses PAX records that lie', async () => {
    const archive = (type: string, record: string): Buffer => {
      const header = changed(good, 0, (block) => {
        block.write(type, 156);
        block.write(record.length.toString(8).padStart(11, '0'), 124);
      }).subarray(0, 512);
      return Buffer.concat([header, Buffer.from(record.padEnd(512, '\0')), good]);
    };
    const cases: readonly [string, string, RegExp][] = [
      ['x', '99 path=a\n', /record is malformed/],
      ['x', '5 path=a\n', /record is malformed/],
      ['x', '10 path=a.', /record is malformed/],
      ['x', 'path=a\n', /record is malformed/],
      ['x', '13 size=12x4\n', /no valid size/],
      ['x', '22 size=9999999999999\n', /gives \d+ bytes, its PAX record 9999999999999/],
      ['x', '24 GNU.sparse.major=1.0\n', /sparse file/],
      ['g', '15 path=same.x\n', /global PAX header gives all files one name/],
    ];
    for (const [type, record, message] of cases)
      await expect(indexTar(await stored('lies.tar', archive(type, record)))).rejects.toThrow(message);
    expect((await indexTar(await stored('comment.tar', archive('g', '13 comment=x\n')))).keys).toHaveLength(5);
    expect((await indexTar(await stored('named.tar', archive('x', '16 path=n.d/k.A\n')))).keys[0]).toBe('n.d/k');
  });

  it('refuses long extended headers, long names, many entries, and members that come twice', async () => {
    const long = changed(good, 0, (header) => {
      header.write('L', 156);
      header.write((2 ** 20 + 1).toString(8).padStart(11, '0'), 124);
    });
    const padded = Buffer.concat([long, Buffer.alloc(2 ** 21)]);
    await expect(indexTar(await stored('long.tar', padded))).rejects.toThrow(/has 1048577 bytes, the limit is 1048576/);
    await expect(indexTar(await stored('many.tar', good), { maxEntries: 14 })).rejects.toThrow(/more than 14 entries/);
    expect((await indexTar(join(folder, 'many.tar'), { maxEntries: 15 })).keys).toHaveLength(5);
    const twice = Buffer.concat([good.subarray(0, 1024), good]);
    await expect(indexTar(await stored('twice.tar', twice))).rejects.toThrow(/holds '000000.cls' twice in a row/);
    await expect(indexTar(join(folder, 'absent.tar'))).rejects.toThrow(/no such file; check the path/);
    await expect(indexTar(folder)).rejects.toThrow(/is not a file/);
  });
});

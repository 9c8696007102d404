import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/parquet-texts.json' with { type: 'json' };
import { buildTokenStore } from '../store/build-token-store.js';
import { trainByteLevelBpe } from '../tokenizer/train-byte-level-bpe.js';
import { trainUnigram } from '../tokenizer/train-unigram.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { type TextData, type TextFileOptions, textSource } from './text-source.js';

const folder = mkdtempSync(join(tmpdir(), 'ssl-sources-'));
const lines = Array.from({ length: 200 }, (_, at) => `the ${['dog', 'cat', 'bird'][at % 3]} number ${at} sleeps`);
const served = gzipSync(lines.map((body, id) => JSON.stringify({ id, body })).join('\n'));
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  if (request.url !== '/a.jsonl.gz') return void response.writeHead(404).end();
  if (request.headers.authorization !== 'Bearer x') return void response.writeHead(401).end();
  response.writeHead(200, { etag: '"1"', 'content-length': served.length }).end(served);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.jsonl.gz`;
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const http = { headers: { authorization: 'Bearer x' }, retries: 0 };
const textsOf = async (data: TextData, files: TextFileOptions = {}): Promise<string[]> => {
  const texts: string[] = [];
  await textSource('pretrainText', data, files).read((text) => texts.push(text));
  return texts;
};

describe('data', () => {
  it('is read from a server by its address, and each address of an array', async () => {
    expect(await textsOf(address, { field: 'body', http })).toEqual(lines);
    expect(await textsOf(new URL(address), { field: 'body', http })).toEqual(lines);
    const twice = [...lines, ...lines];
    expect(await textsOf([address, address], { field: 'body', http })).toEqual(twice);
    expect(await textsOf([new URL(address), new URL(address)], { field: 'body', http })).toEqual(twice);
    await expect(textsOf(address)).rejects.toThrow(/answers 401: access is denied; pass http: \{ headers \}/);
    await expect(textsOf(address, { http })).rejects.toThrow(
      /line 1 has no string in 'text'; its members are 'id', 'body'/,
    );
  });

  it('is texts where not all of an array are addresses', async () => {
    expect(await textsOf(['see', 'https://host/a'])).toEqual(['see', 'https://host/a']);
    expect(await textsOf(['https://host/a b'])).toEqual(['https://host/a b']);
    await expect(textsOf(['see', new URL(address)] as never)).rejects.toThrow(InvalidOptionError);
    await expect(textsOf('ftp://host/a.txt')).rejects.toThrow(
      /pretrainText: data must be a path, or an http: or https:/,
    );
  });

  it('builds a token store once', async () => {
    const tokenizer = await trainWordPiece({ lines, vocabSize: 80 });
    const options = { tokenizer, field: 'body', http, progress: 'silent' } as const;
    const store = await buildTokenStore({ ...options, path: join(folder, 'a'), data: address });
    const own = await buildTokenStore({ tokenizer, progress: 'silent', path: join(folder, 'b'), data: lines });
    expect(store.header).toEqual(own.header);
    const before = requests;
    await (await buildTokenStore({ ...options, path: join(folder, 'a'), data: address })).close();
    expect(requests).toBe(before);
    await store.close();
    await own.close();
  });
});

describe.each([
  ['trainWordPiece', trainWordPiece],
  ['trainByteLevelBpe', trainByteLevelBpe],
  ['trainUnigram', trainUnigram],
] as const)('%s', (_, train) => {
  it('learns the same of folders, JSONL, Parquet and addresses as of the texts', async () => {
    const corpus = join(folder, 'corpus');
    rmSync(corpus, { recursive: true, force: true });
    const parquet = join(import.meta.dirname, '../../../../test/golden/data/parquet-texts/snappy.parquet');
    const texts = golden.texts.flatMap((text) => (text === null || !/[^\0- ]/.test(text) ? [] : [text]));
    mkdirSync(corpus);
    writeFileSync(join(corpus, 'a.jsonl'), lines.map((text) => JSON.stringify({ text })).join('\n'));
    copyFileSync(parquet, join(corpus, 'b.parquet'));
    writeFileSync(join(corpus, 'notes.md'), 'left out');
    const size = { vocabSize: 700 };
    const read = await train({ files: [corpus], ...size });
    const given = await train({ lines: [...lines, ...texts], ...size });
    expect(read.toJson()).toEqual(given.toJson());
    const remote = await train({ files: [address], field: 'body', http, vocabSize: 300 });
    expect(remote.toJson()).toEqual((await train({ lines, vocabSize: 300 })).toJson());
    const missing = await train({ files: [join(folder, 'none.txt')], ...size }).catch((reason: unknown) => reason);
    expect(DataError.isInstance(missing)).toBe(true);
  });
});

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { moduleFile, threadModule } from '@selfsup/ssl-core/files';
import { checkCount, checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { encodeBatchOptionNames, encodeOptionNames } from './check-encode.js';
import { padEncoded } from './pad-encoded.js';
import type { PoolReply, PoolRequest, PoolStart, PoolTask } from './pool-messages.js';
import type {
  EncodeBatchOptions,
  EncodedBatch,
  EncodedText,
  EncodeOptions,
  EncodeTextOptions,
  TextTokenizer,
} from './text-tokenizer.js';

/** Options of {@link TokenizerPool}. */
export interface TokenizerPoolOptions {
  /** Threads. Default: one for each core. */
  readonly workers?: number;
}

const optionNames: OptionNames<TokenizerPoolOptions> = { workers: 'optionalNumber' };

/** How texts become tokens with their places, in threads; second texts are `pairs`, one for each. */
export interface EncodeTextsOptions extends Omit<EncodeTextOptions, 'pair'> {
  readonly pairs?: readonly string[];
}

const encodeTextsOptionNames: OptionNames<EncodeTextsOptions> = {
  ...encodeOptionNames,
  truncate: 'optional',
  stride: 'optionalNumber',
  pairs: 'optional',
};

/** Texts of a message, by their letters: enough that a message costs little beside them. */
const charactersAtOnce = 2 ** 18;
/** Messages that wait in a thread, so that it never idles. */
const waitingForEach = 2;

interface Member {
  readonly worker: Worker;
  pending: number;
}

interface Waiting {
  readonly member: Member;
  readonly resolve: (reply: PoolReply) => void;
  readonly reject: (error: DataError) => void;
}

/**
 * Encodes texts in threads, as the tokeniser itself does: the same ids, places and errors. Texts and ids are copied between
 * threads, and each thread remembers words by itself, so that a tokeniser alone may be as fast where the same words come
 * again and again.
 *
 * @example
 * const pool = new TokenizerPool(tokenizer, { workers: 4 });
 * for await (const ids of pool.encodeStream(lines)) use(ids);
 * await pool.close();
 */
export class TokenizerPool {
  readonly #tokenizer: TextTokenizer;
  readonly #members: readonly Member[];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #failure: DataError | undefined;

  /** @throws InvalidOptionError for what is no tokeniser, and for no threads */
  constructor(tokenizer: TextTokenizer, options: TokenizerPoolOptions = {}) {
    const where = 'TokenizerPool';
    const { workers = availableParallelism() } = checkOptions(where, options, optionNames);
    if (typeof (tokenizer as Partial<TextTokenizer> | null)?.toJson !== 'function')
      throw new InvalidOptionError(where, 'tokenizer', 'a tokeniser, such as await loadTokenizer(path)', tokenizer);
    checkCount(where, { workers });
    this.#tokenizer = tokenizer;
    const { specialTokens } = tokenizer;
    const start: PoolStart = { json: JSON.stringify(tokenizer.toJson()), specialTokens };
    this.#members = Array.from({ length: workers }, () => this.#start(start));
  }

  /** Number of threads. */
  get size(): number {
    return this.#members.length;
  }

  /**
   * Ids of each text, as `encode` of the tokeniser gives them.
   *
   * @throws InvalidOptionError as `encode`, with the text's number; DataError where the pool is closed or a thread fails
   */
  async encode(texts: readonly string[], options: EncodeOptions = {}): Promise<Int32Array[]> {
    checkOptions('TokenizerPool.encode', options, encodeOptionNames);
    this.#check('encode', texts);
    this.#tokenizer.encode('', options);
    const parts = chunks(texts, ({ length }) => length);
    const replies = await Promise.all(
      parts.map(([from, to]) => this.#run({ kind: 'ids', texts: texts.slice(from, to), options })),
    );
    return replies.flatMap(({ ids }) => ids!);
  }

  /**
   * Tokens of each text, or of each pair, with their places, in one window or in several, as `encodeText` gives them.
   *
   * @throws as {@link encode} and `encodeText`
   */
  async encodeTexts(texts: readonly string[], options: EncodeTextsOptions = {}): Promise<EncodedText[][]> {
    const { pairs, ...own } = checkOptions('TokenizerPool.encodeTexts', options, encodeTextsOptionNames);
    this.#check('encodeTexts', texts);
    if (pairs !== undefined) {
      this.#check('encodeTexts', pairs, 'pairs');
      if (pairs.length !== texts.length)
        throw new InvalidOptionError('TokenizerPool.encodeTexts', 'pairs', `${texts.length}, one for each text`, pairs);
    }
    this.#tokenizer.encodeText('', { ...own, ...(pairs === undefined ? {} : { pair: '' }) });
    const parts = chunks(texts, ({ length }, at) => length + (pairs?.[at]?.length ?? 0));
    const replies = await Promise.all(
      parts.map(([from, to]) =>
        this.#run({ kind: 'texts', texts: texts.slice(from, to), pairs: pairs?.slice(from, to), options: own }),
      ),
    );
    return replies.flatMap((reply) => reply.texts!.map((windows) => [...windows]));
  }

  /**
   * Texts as one padded batch, as `encodeBatch` gives it.
   *
   * @throws as {@link encode} and `encodeBatch`
   */
  async encodeBatch(texts: readonly string[], options: EncodeBatchOptions = {}): Promise<EncodedBatch> {
    const { padding, pairs, truncate, ...each } = checkOptions(
      'TokenizerPool.encodeBatch',
      options,
      encodeBatchOptionNames,
    );
    this.#check('encodeBatch', texts);
    this.#tokenizer.encodeBatch([], { ...options, ...(pairs === undefined ? {} : { pairs: [] }) });
    const width = padding === 'maxLength' ? options.maxLength : undefined;
    const { pad } = this.#tokenizer.specialIds;
    if (pairs === undefined)
      return padEncoded(
        (await this.encode(texts, each)).map((ids) => ({ ids })),
        width,
        pad,
      );
    const both = { ...each, pairs, ...(truncate === undefined ? {} : { truncate }) };
    const encoded = await this.encodeTexts(texts, both);
    return padEncoded(
      encoded.map(([window]) => window!),
      width,
      pad,
    );
  }

  /**
   * Ids of each text of a stream, in its order. Some messages of texts are held at once, whatever the stream's length.
   *
   * @throws as {@link encode}; what the stream throws
   */
  async *encodeStream(
    texts: Iterable<string> | AsyncIterable<string>,
    options: EncodeOptions = {},
  ): AsyncGenerator<Int32Array> {
    checkOptions('TokenizerPool.encodeStream', options, encodeOptionNames);
    const ahead: Promise<Int32Array[]>[] = [];
    let [chunk, size, read] = [[] as string[], 0, 0];
    const send = (): void => {
      const part = this.encode(chunk, options);
      // Told when its turn comes.
      part.catch(() => {});
      ahead.push(part);
      [chunk, size] = [[], 0];
    };
    for await (const text of texts) {
      if (typeof text !== 'string')
        throw new InvalidOptionError('TokenizerPool.encodeStream', `texts[${read}]`, 'a string', text);
      read++;
      chunk.push(text);
      size += text.length + 1;
      if (size < charactersAtOnce) continue;
      send();
      if (ahead.length > waitingForEach * this.size) yield* await ahead.shift()!;
    }
    if (chunk.length > 0) send();
    for (const part of ahead) yield* await part;
  }

  /** Ends the threads; what is under way fails. A second call does nothing. */
  async close(): Promise<void> {
    this.#fail(new DataError('TokenizerPool: the pool is closed; make another one'));
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #check(method: string, texts: readonly string[], name = 'texts'): void {
    const where = `TokenizerPool.${method}`;
    if (!Array.isArray(texts)) throw new InvalidOptionError(where, name, 'an array of strings', texts);
    const wrong = (texts as readonly unknown[]).findIndex((text) => typeof text !== 'string');
    if (wrong >= 0) throw new InvalidOptionError(where, `${name}[${wrong}]`, 'a string', texts[wrong]);
  }

  async #run(task: PoolTask): Promise<PoolReply> {
    if (this.#failure !== undefined) throw this.#failure;
    const member = this.#members.reduce((least, each) => (each.pending < least.pending ? each : least));
    const id = this.#nextId++;
    member.pending++;
    // Only while something is asked of it does a thread keep the process alive.
    member.worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { member, resolve, reject });
      member.worker.postMessage({ id, task } satisfies PoolRequest);
    });
  }

  #start(start: PoolStart): Member {
    const { url, options } = threadModule(
      moduleFile(import.meta),
      'tokenizer/tokenizer-worker',
      '@selfsup/ssl-text-mlm',
      'encode with the tokeniser itself',
    );
    const worker = new Worker(url, { ...options, workerData: start, name: 'ssl-tokenizer' });
    const member: Member = { worker, pending: 0 };
    worker.on('message', (reply: PoolReply) => {
      const waiting = this.#waiting.get(reply.id);
      if (waiting === undefined) return;
      this.#waiting.delete(reply.id);
      if (--member.pending === 0) worker.unref();
      if (reply.error === undefined) waiting.resolve(reply);
      else waiting.reject(new DataError(`TokenizerPool: ${reply.error}`));
    });
    worker.on('error', (cause: unknown) => {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#fail(new DataError(`TokenizerPool: a thread crashed: ${message}`, { cause }));
    });
    worker.on('exit', (code) => this.#fail(new DataError(`TokenizerPool: a thread stopped with exit code ${code}`)));
    worker.unref();
    return member;
  }

  #fail(reason: DataError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    for (const { worker } of this.#members) void worker.terminate();
  }
}

/** Stretches of texts that make a message each. */
function chunks(texts: readonly string[], sizeOf: (text: string, at: number) => number): (readonly [number, number])[] {
  const parts: (readonly [number, number])[] = [];
  let [from, size] = [0, 0];
  texts.forEach((text, at) => {
    size += sizeOf(text, at) + 1;
    if (size < charactersAtOnce) return;
    parts.push([from, at + 1]);
    [from, size] = [at + 1, 0];
  });
  if (from < texts.length) parts.push([from, texts.length]);
  return parts;
}

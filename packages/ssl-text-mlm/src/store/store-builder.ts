import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-tensor/host';
import { maskingVocabulary } from '../data/masking-vocabulary.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { type BuildJournal, readJournal, saveJournal } from './build-journal.js';
import { type ChunkState, ChunkWriter } from './chunk-writer.js';
import { storeFiles } from './store-files.js';
import type { StoreHeader } from './store-header.js';
import { checkSameTokenizer, tokenizerDigest } from './tokenizer-digest.js';

const nothing: ChunkState = { bytes: 0, checksums: [] };

/** Writes the files of a token store, from where an earlier builder stopped. */
export class StoreBuilder {
  /** Texts of the source that an earlier builder has written. */
  readonly done: number;
  readonly #path: string;
  readonly #tokenizer: TextTokenizer;
  readonly #special: Uint8Array;
  readonly #files: readonly number[];
  readonly #tokens: ChunkWriter;
  readonly #ends: ChunkWriter;
  readonly #before: BuildJournal | undefined;
  readonly #hash: Hash = createHash('sha256');
  readonly #bytesPerId: 2 | 4;
  #read = 0;
  #texts: number;
  #count: number;
  #largestId: number;

  /** @throws DataError where the folder holds a begun store of another tokeniser */
  constructor(path: string, tokenizer: TextTokenizer) {
    this.#path = path;
    this.#tokenizer = tokenizer;
    this.#special = maskingVocabulary(tokenizer).special;
    this.#bytesPerId = tokenizer.vocabSize <= 2 ** 16 ? 2 : 4;
    const journal = readJournal(join(path, storeFiles.journal));
    if (journal !== undefined) checkSameTokenizer(path, journal.tokenizer, tokenizer);
    this.#files = (['tokens', 'ends'] as const).map((name) =>
      openSync(join(path, storeFiles[name]), constants.O_RDWR | constants.O_CREAT),
    );
    const [tokens, ends] = this.#files as [number, number];
    const known = journal && [ChunkWriter.open(tokens, journal.tokens), ChunkWriter.open(ends, journal.ends)];
    const isWhole = (journal?.tokens.bytes ?? 0) % this.#bytesPerId === 0;
    const goesOn = isWhole && known?.[0] !== undefined && known[1] !== undefined;
    this.#before = goesOn ? journal : undefined;
    this.#tokens = goesOn ? known[0]! : ChunkWriter.open(tokens, nothing)!;
    this.#ends = goesOn ? known[1]! : ChunkWriter.open(ends, nothing)!;
    this.done = this.#before?.read ?? 0;
    this.#texts = this.#before?.texts ?? 0;
    this.#count = (this.#before?.tokens.bytes ?? 0) / this.#bytesPerId;
    this.#largestId = this.#before?.largestId ?? 0;
  }

  get texts(): number {
    return this.#texts;
  }

  /** Ids, with the one after each text. */
  get tokens(): number {
    return this.#count;
  }

  /**
   * Adds the next text of the source; those that were written before are passed over.
   *
   * @throws DataError where these are others than they were
   */
  add(text: string): void {
    this.#hash.update(`${text.length}:`).update(text);
    this.#read++;
    if (this.#read === this.done && this.#digest() !== this.#before!.source) throw this.#otherTexts();
    if (this.#read <= this.done) return;
    const ids = this.#tokenizer.encode(text, { addSpecialTokens: false });
    if (!ids.some((id) => this.#special[id] !== 1)) return;
    const own = new (this.#bytesPerId === 2 ? Uint16Array : Uint32Array)(ids.length + 1);
    own.set(ids);
    own[ids.length] = this.#tokenizer.specialIds.sep;
    for (const id of own) if (id > this.#largestId) this.#largestId = id;
    this.#tokens.append(new Uint8Array(own.buffer));
    this.#texts++;
    this.#count += own.length;
    this.#ends.append(new Uint8Array(Float64Array.of(this.#count).buffer));
  }

  /** Brings to the disk what was added, so that another builder can go on there. */
  save(): void {
    // What was passed over only is in the journal already.
    if (this.#read <= this.done) return;
    const [tokens, ends] = [this.#tokens.flush(), this.#ends.flush()];
    for (const file of this.#files) fsyncSync(file);
    saveJournal(join(this.#path, storeFiles.journal), {
      tokenizer: tokenizerDigest(this.#tokenizer),
      read: this.#read,
      source: this.#digest(),
      texts: this.#texts,
      tokens,
      ends,
      largestId: this.#largestId,
    });
  }

  /** @throws DataError where the source had fewer texts than before, or none */
  finish(): StoreHeader {
    if (this.#read < this.done) throw this.#otherTexts();
    if (this.#texts === 0)
      throw new DataError(
        `buildTokenStore: none of ${this.#read} texts has a token that the vocabulary knows; check the data and the vocabulary`,
      );
    const { vocabSize, specialIds } = this.#tokenizer;
    const [tokens, ends] = [this.#tokens.flush(), this.#ends.flush()];
    for (const file of this.#files) fsyncSync(file);
    return {
      tokenizer: tokenizerDigest(this.#tokenizer),
      source: this.#digest(),
      vocabSize,
      largestId: Math.max(this.#largestId, specialIds.cls),
      cls: specialIds.cls,
      sep: specialIds.sep,
      bytesPerId: this.#bytesPerId,
      texts: this.#texts,
      tokens: this.#count,
      skipped: this.#read - this.#texts,
      checksums: { tokens: tokens.checksums, ends: ends.checksums },
    };
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
  }

  #digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #otherTexts(): DataError {
    return new DataError(
      `was begun with other texts: of the first ${this.done} some differ now; give the same texts, or build in another folder`,
      { path: this.#path },
    );
  }
}

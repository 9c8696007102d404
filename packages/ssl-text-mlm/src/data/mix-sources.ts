import {
  checkInteger,
  checkOptions,
  checkRate,
  DataError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-tensor/host';
import type { SourceDraws, TokenSample, TokenSamples, TokenSource } from './token-source.js';

/** Options of {@link mixSources}. */
export interface MixSourcesOptions {
  /** What is to be learnt: all of it comes in every epoch. */
  readonly domain: TokenSource;
  /** What is not to be forgotten, encoded by the same tokeniser. */
  readonly general: TokenSource;
  /** Share of an epoch's texts that are of `general`, in `[0, 1)`. Default 0.1. */
  readonly replay?: number;
  /** Source of the draws. */
  readonly key: RandomKey;
}

const optionNames: OptionNames<MixSourcesOptions> = {
  domain: 'required',
  general: 'required',
  replay: 'optionalNumber',
  key: 'requiredKey',
};

/**
 * Texts of a domain with general ones between, so that an encoder that goes on with the domain does not forget the rest. An
 * `MlmLoader` takes it as it takes a `TokenDataset`; an epoch has every text of the domain and `replay` of general ones,
 * drawn by the key and the epoch alone.
 *
 * The general texts lie by length in as many groups as an epoch takes, and each epoch has one of each group, in turns: so
 * every epoch has short and long ones as they are in the source, one shape and one plan of packing serves all, and after as
 * many epochs as a group has texts each has come once.
 *
 * As a source it has all texts, the domain's first; a subset draws from what is left of both.
 *
 * @throws InvalidOptionError for options out of range, and a share for which there are too few general texts; DataError for
 *   a domain without texts
 */
export function mixSources(options: MixSourcesOptions): TokenSource {
  const where = 'mixSources';
  const { domain, general, replay = 0.1 } = checkOptions(where, options, optionNames);
  for (const [name, source] of Object.entries({ domain, general })) {
    if (typeof (source as Partial<TokenSource> | null)?.lengths !== 'function')
      throw new InvalidOptionError(where, name, 'a TokenDataset, or a view of a TokenStore', source);
    if (source.draws !== undefined)
      throw new InvalidOptionError(where, name, 'a source that is the same in every epoch', 'one that draws');
  }
  const isOfPairs = (source: TokenSource): boolean => source.length > 0 && 'second' in source.get(0);
  if (general.length > 0 && isOfPairs(domain) !== isOfPairs(general))
    throw new InvalidOptionError(
      where,
      'general',
      'pairs where the domain has pairs, and texts where it has texts',
      general,
    );
  checkRate(where, { replay });
  const rows = Int32Array.from({ length: domain.length + general.length }, (_, row) => row);
  return new MixedSource({ ...options, replay }, rows);
}

class MixedSource implements TokenSource {
  readonly isMaskable: boolean;
  readonly draws: SourceDraws;
  readonly #options: Required<MixSourcesOptions>;
  readonly #rows: Int32Array;

  /** @param rows numbers of the texts, those of the domain before the general ones */
  constructor(options: Required<MixSourcesOptions>, rows: Int32Array) {
    this.#options = options;
    this.#rows = rows;
    const { domain, general } = options;
    this.isMaskable = domain.isMaskable === true && general.isMaskable === true;
    this.draws = this.#planned();
  }

  get length(): number {
    return this.#rows.length;
  }

  get largestId(): number {
    const { domain, general } = this.#options;
    return Math.max(domain.largestId, general.largestId);
  }

  get(index: number): TokenSample {
    checkInteger('mixSources.get', 'index', index, 0, this.length - 1);
    const { domain, general } = this.#options;
    const row = this.#rows[index]!;
    return row < domain.length ? domain.get(row) : general.get(row - domain.length);
  }

  lengths(): Int32Array {
    const { domain, general } = this.#options;
    const [own, others] = [domain.lengths(), general.lengths()];
    return this.#rows.map((row) => (row < own.length ? own[row]! : others[row - own.length]!));
  }

  subset(indices: ArrayLike<number>): TokenSource {
    const rows = Int32Array.from(indices, (index) => {
      checkInteger('mixSources.subset', 'index', index, 0, this.length - 1);
      return this.#rows[index]!;
    });
    return new MixedSource(this.#options, rows);
  }

  #planned(): SourceDraws {
    const { domain, replay } = this.#options;
    const all = Int32Array.from(this.#rows.keys());
    const isOwn = (index: number): boolean => this.#rows[index]! < domain.length;
    const own = all.filter(isOwn);
    const lengths = this.lengths();
    const others = all.filter((index) => !isOwn(index)).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
    if (own.length === 0) throw new DataError('mixSources: the domain has no text');
    const groups = Math.round((own.length * replay) / (1 - replay));
    if (groups > others.length) {
      // Not rounded up, so that it works.
      const most = Math.floor((1e4 * others.length) / (own.length + others.length)) / 1e4;
      const advice = 'Give more general texts, or a smaller share';
      const expected = `at most ${most}, as there are ${others.length} general texts for ${own.length} of the domain`;
      throw new InvalidOptionError('mixSources', 'replay', expected, replay, advice);
    }
    const candidates = new Int32Array(own.length + (groups === 0 ? 0 : others.length));
    candidates.set(own);
    if (groups > 0) candidates.set(others, own.length);
    const starts = Int32Array.from({ length: own.length + groups + 1 }, (_, place) =>
      place <= own.length ? place : own.length + Math.floor(((place - own.length) * others.length) / groups),
    );
    return {
      // Ascending in each group.
      lengths: Int32Array.from(
        { length: own.length + groups },
        (_, place) => lengths[candidates[starts[place + 1]! - 1]!]!,
      ),
      starts,
      candidates,
      epoch: (epoch) => this.#epoch(epoch, starts, candidates),
    };
  }

  #epoch(epoch: number, starts: Int32Array, candidates: Int32Array): TokenSamples {
    const key = foldIn(this.#options.key, 'mix-sources');
    const drawn = Int32Array.from({ length: starts.length - 1 }, (_, place) => {
      const start = starts[place]!;
      const size = starts[place + 1]! - start;
      if (size === 1) return candidates[start]!;
      // A new order of the group whenever all have come.
      const turn = new RandomStream(foldIn(foldIn(key, place), Math.floor(epoch / size))).permutation(size);
      return candidates[start + turn[epoch % size]!]!;
    });
    return { get: (place) => this.get(drawn[place]!) };
  }
}

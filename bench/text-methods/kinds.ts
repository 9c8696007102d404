/** How a figure is told: a share in percent, or a number with so many digits behind the point. */
export interface Column {
  readonly title: string;
  readonly digits: number;
  /** A share. */
  readonly percent?: true;
}

/** What is measured, and of what. */
export interface Kind {
  readonly title: string;
  /** What the page says of it. */
  readonly about: string;
  readonly variants: readonly string[];
  readonly seeds: readonly number[];
  readonly columns: Readonly<Record<string, Column>>;
}

const share = (title: string): Column => ({ title, digits: 1, percent: true });
const number = (title: string, digits = 2): Column => ({ title, digits });

const encoders = ['bert', 'roberta', 'deberta-v3', 'electra', 'distilbert', 'modernbert'] as const;

/** Names of the encoders that are compared. */
export type EncoderName = (typeof encoders)[number];

const gains = (counts: readonly number[]): Record<string, Column> =>
  Object.fromEntries(
    counts.flatMap((count) => [
      [`pretrained${count}`, share(`${count}: pretrained`)],
      [`scratch${count}`, share('from scratch')],
      [`gain${count}`, share('gain')],
    ]),
  );

/** All that is measured, the most important first. */
export const kinds = {
  'fine-tuning': {
    title: 'Fine-tuning, from pretrained against from scratch',
    about:
      'Accuracy in percent on test texts, with 20 and 100 labels for each of the 45 classes of glosses (the rarest have fewer), and with 16, 64 and 256 labels of mail, half of them spam. The encoder pretrained on the same corpus without labels, by the method of its row below, and the same with its first weights; head, draws of labels, batches, rate and updates are the same. Seeds are of the draws, the order and the first weights; the gain is that of each seed.',
    variants: ['mail, bert', ...encoders.map((name) => `glosses, ${name}`)],
    seeds: [0, 1, 2, 3, 4],
    columns: gains([20, 100, 16, 64, 256]),
  },
  sentences: {
    title: 'Sentence vectors',
    about:
      "Spearman's correlation of the cosine of two definitions of nouns with the nouns' path similarity in WordNet (1 / (1 + steps over hypernyms)), over pairs that a seed has fixed, half of them relatives within four steps, half any two. All start from the same BERT, pretrained on the glosses by masked-language modelling (`mlm`: that alone). `matryoshka`: SimCSE of all widths; a quarter is the first quarter of the columns. `static`: a static embedding distilled of the SimCSE encoder, and trained further on its vectors; speed is texts per second with their ids given, over the teacher's with as many threads.",
    variants: ['mlm', 'simcse', 'tsdae', 'matryoshka', 'static'],
    seeds: [0, 1, 2],
    columns: {
      spearman: number('correlation', 3),
      quarter: number('a quarter of the width', 3),
      kept: share('kept of it'),
      ofTeacher: share("kept of the teacher's"),
      speed: number('speed over the teacher', 0),
    },
  },
  'mlm-beside-hugging-face': {
    title: "Masked-language modelling beside Hugging Face's",
    about:
      "The same BERT (first weights from one file), the same batches of masked texts by similar length from one file, the same AdamW and rates; without dropout. Ours by the Trainer, theirs `BertForMaskedLM` of transformers on PyTorch eager (bench/peers/text_mlm.py), one after the other. Held-out loss after all updates; time is the mean of updates after the tenth; memory is the peak of each's process.",
    variants: ['glosses', 'addresses', 'mail'],
    seeds: [0, 1, 2],
    columns: {
      ours: number('held-out loss, ours', 4),
      theirs: number('theirs', 4),
      oursMilliseconds: number('ms an update, ours', 0),
      theirMilliseconds: number('theirs', 0),
      time: number('time, ratio'),
      oursMegabytes: number('memory, MB, ours', 0),
      theirMegabytes: number('theirs', 0),
    },
  },
  encoders: {
    title: 'Encoders',
    about:
      'Each family in the same size and with the same texts and updates, on the glosses. Loss (nats) and accuracy of held-out masked tokens, with the same masks for all: BERT, RoBERTa, DeBERTa-v3 and ModernBERT by masked-language modelling, ModernBERT on packed blocks, DistilBERT of half the layers by distillation from the BERT. ELECTRA by replaced-token detection: loss and accuracy are those of its generator of half the width, found is the share of replaced tokens that the encoder finds in training, and right its share of right answers over all tokens, both means over the last tenth.',
    variants: [...encoders],
    seeds: [0],
    columns: {
      loss: number('held-out loss', 3),
      accuracy: share('accuracy'),
      detected: share('found'),
      detectionAccuracy: share('right'),
      milliseconds: number('ms an update', 0),
    },
  },
  objectives: {
    title: 'Ways of masking',
    about:
      'The same BERT on the glosses: `dynamic` (masks anew each epoch, 15 % of the tokens, of these 80 % masked, 10 % random, 10 % as they are), `static` (the masks of the first epoch in each), whole words, spans of words as SpanBERT has them, twice the rate, and `[MASK]` alone. Loss and accuracy are of the same held-out masks for all, those of `dynamic`; the last column is the accuracy of 45 classes with 20 labels each, mean of three draws. Replaced-token detection is ELECTRA above.',
    variants: ['dynamic', 'static', 'whole words', 'spans', '30 %', 'masks alone'],
    seeds: [0],
    columns: {
      loss: number('held-out loss', 3),
      accuracy: share('accuracy'),
      fineTuned: share('fine-tuned'),
    },
  },
  domain: {
    title: 'Continued pretraining',
    about:
      'The BERT of the glosses goes on with the addresses: alone, with a fifth of its texts from the glosses (`mixSources`), and with words of the addresses added to its vocabulary (`extendVocabulary`). Loss of held-out masked tokens times tokens per character, so that vocabularies compare, in nats per 100 characters.',
    variants: ['domain alone', 'replay', 'replay and more words'],
    seeds: [0, 1, 2],
    columns: {
      domainBefore: number('addresses, before', 2),
      domainAfter: number('after', 2),
      generalBefore: number('glosses, before', 2),
      generalAfter: number('after', 2),
    },
  },
  throughput: {
    title: 'Throughput',
    about:
      "`packing`: tokens of text (no padding) per second in training, on sentences of mixed length from the addresses: a BERT padded to the longest, the same with four buckets, a ModernBERT on packed blocks; ratio is packed over padded. `encoding`: lines per second of our WordPiece in a `TokenizerPool` beside the Rust library's `encode_batch` with as many threads; ratio is ours over theirs. `embedding`: seconds for sentences through a BERT of MiniLM's size (6 x 384) with random weights, ours by `LoadedTextEncoder.embed`, theirs by sentence-transformers (bench/peers/text_embed.py), the same weights; ratio is ours over theirs, cosine the least of all rows. `memory`: resident set after a fifth and after all of the sentences.",
    variants: ['packing', 'encoding', 'embedding', 'memory'],
    seeds: [0],
    columns: {
      padded: number('padded, tokens/s', 0),
      buckets: number('buckets', 0),
      packed: number('packed', 0),
      ours: number('ours'),
      theirs: number('theirs'),
      ratio: number('ratio'),
      cosine: number('least cosine', 6),
      early: number('MB after a fifth', 0),
      late: number('MB at the end', 0),
    },
  },
  word2vec: {
    title: "Word2Vec beside gensim's",
    about:
      "On the glosses, one thread each (bench/word2vec.ts): seconds of the processor; how many of the ten nearest words of 500 frequent words ours and gensim's both name, and two seeds of gensim's; analogies `adjective : adverb` from WordNet (quick : quickly as slow : slowly), the share whose answer is among the ten nearest.",
    variants: ['skipGram', 'cbow'],
    seeds: [0],
    columns: {
      ours: number('seconds, ours', 1),
      theirs: number("gensim's", 1),
      time: number('ratio'),
      shared: number('of ten shared', 2),
      ownShared: number('gensim with itself', 2),
      analogies: share('analogies, ours'),
      theirAnalogies: share("gensim's"),
      theirSpread: share("gensim's other seed"),
    },
  },
} as const satisfies Record<string, Kind>;

/** Name of a kind. */
export type KindName = keyof typeof kinds;

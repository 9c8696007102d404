/** Word2Vec on a folder of texts: `node --import tsx word2vec.ts texts water`. */
import { randomKey } from '@selfsup/ssl-tensor';
import { WordVectors, trainWord2Vec, word2VecDefaults } from '@selfsup/ssl-text-mlm';

const [folder = 'texts', word = 'water'] = process.argv.slice(2);
// With model: 'cbow', learningRate: 0.05 (word2VecCbow) it is faster.
const vectors = await trainWord2Vec({
  ...word2VecDefaults,
  data: folder,
  key: randomKey(1),
  wordsOf: (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [],
  onEpoch: ({ epoch, words, seconds }) =>
    void process.stdout.write(`epoch ${epoch}: ${Math.round(words / seconds)} words a second\n`),
});
await vectors.save('vectors.bin');

// gensim reads it too: KeyedVectors.load_word2vec_format('vectors.bin', binary=True)
const loaded = await WordVectors.load('vectors.bin');
process.stdout.write(`${loaded.words.length} words of ${loaded.dim} numbers\n`);
for (const { word: near, similarity } of loaded.has(word) ? loaded.mostSimilar(word, { count: 5 }) : [])
  process.stdout.write(`${near} ${similarity.toFixed(3)}\n`);

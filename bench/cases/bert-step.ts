/** Times one masked-language-modelling step of BERT 4 x 256 (vocabulary 8,192, 16 x 128 tokens) with AdamW. Prints one JSON line. */
import { timeTraining } from '../time-steps.js';
import { maskedLanguage } from '../training-steps.js';

const { step, args } = maskedLanguage(
  { vocabSize: 8192, hiddenSize: 256, numHiddenLayers: 4, numAttentionHeads: 4, intermediateSize: 1024 },
  16,
  128,
);
await timeTraining('bert-step', step, args);

/** Times one masked-language-modelling step of BERT 3 x 128 (vocabulary 8,192, 128 x 32 tokens) with AdamW. Prints one JSON line. */
import { timeTraining } from '../time-steps.js';
import { maskedLanguage } from '../training-steps.js';

const { step, args } = maskedLanguage(
  { vocabSize: 8192, hiddenSize: 128, numHiddenLayers: 3, numAttentionHeads: 4, intermediateSize: 512 },
  128,
  32,
);
await timeTraining('mlm-step', step, args);

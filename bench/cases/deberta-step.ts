/** Times one masked-language-modelling step of DeBERTa-v3 4 x 256 (vocabulary 8,192, 16 x 128 tokens) with AdamW. Prints one JSON line. */
import { randomKey } from '@selfsup/ssl-tensor';
import { debertaV2Config, DebertaV2ForMaskedLM } from '@selfsup/ssl-text-mlm';
import { timeTraining } from '../time-steps.js';
import { maskedLanguageStep } from '../training-steps.js';

const [batch, tokens] = [16, 128];
const config = debertaV2Config({
  vocabSize: 8192,
  hiddenSize: 256,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  intermediateSize: 1024,
  maxPositionEmbeddings: tokens,
  hiddenDropout: 0,
  attentionDropout: 0,
});
const { step, args } = maskedLanguageStep(new DebertaV2ForMaskedLM(config, { key: randomKey(0) }), batch, tokens);
await timeTraining('deberta-step', step, args);

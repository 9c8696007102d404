export { bertBase, bertConfig } from './bert/bert-config.js';
export type { BertConfig } from './bert/bert-config.js';
export { bertConfigFromJson, bertConfigReport, bertConfigToJson, loadBertConfig } from './bert/bert-config-json.js';
export type { BertConfigReport } from './bert/bert-config-json.js';
export { BertEmbeddings } from './bert/bert-embeddings.js';
export { BertForMaskedLM } from './bert/bert-for-masked-lm.js';
export type { MaskedLmOptions } from './bert/bert-for-masked-lm.js';
export { BertForSequenceClassification } from './bert/bert-for-sequence-classification.js';
export type { SequenceClassifierOptions } from './bert/bert-for-sequence-classification.js';
export type { BertInputs } from './bert/bert-inputs.js';
export { BertLayer } from './bert/bert-layer.js';
export { BertModel } from './bert/bert-model.js';
export type { BertModelOptions, BertTokenOptions } from './bert/bert-model.js';
export { BertPredictionHead } from './bert/bert-prediction-head.js';
export { BertTextEncoder } from './bert/bert-text-encoder.js';
export type { BertTextEncoderOptions } from './bert/bert-text-encoder.js';
export { meanPool } from './bert/mean-pool.js';
export { planBatches } from './data/batch-plan.js';
export type { BatchPlanOptions, PlannedBatch } from './data/batch-plan.js';
export { ClassificationLoader } from './data/classification-loader.js';
export type { ClassificationBatch, ClassificationLoaderOptions } from './data/classification-loader.js';
export { bertMasking, maskTokens } from './data/mask-tokens.js';
export type { MaskedTokens, MaskingOptions, MaskingVocabulary } from './data/mask-tokens.js';
export { maskingVocabulary } from './data/masking-vocabulary.js';
export { MlmLoader } from './data/mlm-loader.js';
export type { MlmBatch, MlmLoaderOptions } from './data/mlm-loader.js';
export { padRows } from './data/pad-rows.js';
export type { PaddedRows } from './data/pad-rows.js';
export { TokenDataset } from './data/token-dataset.js';
export type { TokenDatasetOptions, TokenSample } from './data/token-dataset.js';
export type { ConfigReport } from './deberta/config-record.js';
export { ContextPooler } from './deberta/context-pooler.js';
export type { DebertaActivation, DebertaConfig, DebertaPositionScore } from './deberta/deberta-config.js';
export { debertaBase, debertaConfig } from './deberta/deberta-config.js';
export { debertaConfigReport, debertaConfigToJson, loadDebertaConfig } from './deberta/deberta-config-json.js';
export { DebertaEncoder } from './deberta/deberta-encoder.js';
export type { DebertaModelOptions } from './deberta/deberta-encoder.js';
export { DebertaForMaskedLM } from './deberta/deberta-for-masked-lm.js';
export { DebertaForSequenceClassification } from './deberta/deberta-for-sequence-classification.js';
export type { DebertaMaskedLmOptions } from './deberta/deberta-masked-lm.js';
export { DebertaModel } from './deberta/deberta-model.js';
export type { DebertaClassifierOptions } from './deberta/deberta-sequence-classifier.js';
export { debertaV2Config, debertaV2XLarge, debertaV3Base } from './deberta/deberta-v2-config.js';
export type { DebertaV2Config } from './deberta/deberta-v2-config.js';
export { debertaV2ConfigReport, debertaV2ConfigToJson, loadDebertaV2Config } from './deberta/deberta-v2-config-json.js';
export { DebertaV2ForMaskedLM } from './deberta/deberta-v2-for-masked-lm.js';
export { DebertaV2ForSequenceClassification } from './deberta/deberta-v2-for-sequence-classification.js';
export { DebertaV2Model } from './deberta/deberta-v2-model.js';
export { disentangledAttention } from './deberta/disentangled-attention.js';
export type { AttentionStates, ProjectedPositions } from './deberta/disentangled-attention.js';
export { evaluateSequenceClassifier, SequenceClassifierEvaluator } from './evaluation/classifier-evaluator.js';
export { fillMask } from './evaluation/fill-mask.js';
export type { FilledMask, MaskCandidate } from './evaluation/fill-mask.js';
export type { LabelledResult } from './evaluation/labelled-evaluator.js';
export { evaluateMaskedLm, MaskedLmEvaluator } from './evaluation/masked-lm-evaluator.js';
export type { MaskedLmModel } from './models/masked-lm-model.js';
export type { SequenceClassifierModel } from './models/sequence-classifier-model.js';
export type { TextModel, TextModelConfig, TextTokenOptions } from './models/text-model.js';
export { perplexity } from './evaluation/perplexity.js';
export { pseudoPerplexity } from './evaluation/pseudo-perplexity.js';
export type { PseudoPerplexity, PseudoPerplexityOptions } from './evaluation/pseudo-perplexity.js';
export { spanF1 } from './evaluation/span-f1.js';
export type { SpanF1, SpanScores } from './evaluation/span-f1.js';
export { MaskedLanguageModelling } from './methods/masked-language-modelling.js';
export { SequenceClassification } from './methods/sequence-classification.js';
export type { Texts } from './pretrain/embed-texts.js';
export { loadTextEncoder } from './pretrain/load-text-encoder.js';
export { LoadedTextEncoder } from './pretrain/loaded-text-encoder.js';
export type { EmbedTextsOptions, ExportTextOnnxOptions } from './pretrain/loaded-text-encoder.js';
export { pretrainText } from './pretrain/pretrain-text.js';
export type { PretrainTextOptions, PretrainTextResult } from './pretrain/pretrain-text.js';
export type { TextTrainingOptions } from './pretrain/choose-training.js';
export type { TextData, TextFileOptions } from './pretrain/text-source.js';
export type { TextEncoderDescription } from './pretrain/text-encoder-description.js';
export { checkVocabulary } from './tokenizer/check-vocabulary.js';
export { learnWordPieces } from './tokenizer/learn-word-pieces.js';
export type { LearnWordPiecesOptions } from './tokenizer/learn-word-pieces.js';
export { bertSpecialTokens } from './tokenizer/special-tokens.js';
export type { SpecialTokens } from './tokenizer/special-tokens.js';
export { tokenizerLimits } from './tokenizer/tokenizer-file.js';
export type {
  DecodeOptions,
  TokenizerFileOptions,
  TokenizerFolderOptions,
  TokenizerJsonOptions,
} from './tokenizer/tokenizer-options.js';
export { trainWordPiece } from './tokenizer/train-word-piece.js';
export type { TrainWordPieceOptions } from './tokenizer/train-word-piece.js';
export { WordPieceTokenizer } from './tokenizer/word-piece-tokenizer.js';
export type {
  EncodeBatchOptions,
  EncodedBatch,
  EncodeOptions,
  SpecialTokenIds,
} from './tokenizer/word-piece-tokenizer.js';

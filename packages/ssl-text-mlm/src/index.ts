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
export { MlmDistillation, mlmDistillationDefaults } from './distillation/mlm-distillation.js';
export type { MlmDistillationOptions, SplitMaskedLM } from './distillation/mlm-distillation.js';
export { SentenceDistillation, sentenceDistillationDefaults } from './distillation/sentence-distillation.js';
export type { SentenceDistillationOptions } from './distillation/sentence-distillation.js';
export { evaluateSequenceClassifier, SequenceClassifierEvaluator } from './evaluation/classifier-evaluator.js';
export { fillMask } from './evaluation/fill-mask.js';
export type { FilledMask, MaskCandidate } from './evaluation/fill-mask.js';
export type { LabelledResult } from './evaluation/labelled-evaluator.js';
export { evaluateMaskedLm, MaskedLmEvaluator } from './evaluation/masked-lm-evaluator.js';
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
export type { EmbeddingObjective } from './sentence/embedding-objective.js';
export { Matryoshka } from './sentence/matryoshka.js';
export type { MatryoshkaOptions } from './sentence/matryoshka.js';
export { matryoshkaBase, matryoshkaLoss } from './sentence/matryoshka-loss.js';
export type { MatryoshkaLosses, MatryoshkaLossOptions } from './sentence/matryoshka-loss.js';
export { SentenceLoader } from './sentence/sentence-loader.js';
export type { SentenceBatch, SentenceLoaderOptions } from './sentence/sentence-loader.js';
export { SimCse } from './sentence/sim-cse.js';
export { SimCseHead } from './sentence/sim-cse-head.js';
export type { SimCseHeadOptions } from './sentence/sim-cse-head.js';
export { simCseDefaults, simCseSupervised } from './sentence/sim-cse-options.js';
export type { SimCseOptions, TokenScorer } from './sentence/sim-cse-options.js';
export { distilStaticEmbedding, staticEmbeddingDefaults } from './static/distil-static-embedding.js';
export type { DistilStaticEmbeddingOptions, TokenIds } from './static/distil-static-embedding.js';
export { StaticEmbedding } from './static/static-embedding.js';
export type { StaticEmbeddingOptions } from './static/static-embedding.js';
export { loadStaticEmbedding, saveStaticEmbedding } from './static/static-embedding-folder.js';
export type { SavedTokenizer } from './static/static-embedding-folder.js';
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
export { Tsdae, tsdaeDefaults } from './tsdae/tsdae.js';
export type { TsdaeOptions } from './tsdae/tsdae.js';
export { TsdaeDecoder } from './tsdae/tsdae-decoder.js';
export type { TsdaeDecoderOptions } from './tsdae/tsdae-decoder.js';
export { TsdaeLoader, tsdaeNoise } from './tsdae/tsdae-loader.js';
export type { TsdaeBatch, TsdaeLoaderOptions } from './tsdae/tsdae-loader.js';
export { trainWord2Vec } from './word2vec/train-word2vec.js';
export { WordVectors } from './word2vec/word-vectors.js';
export type {
  LoadWordVectorsOptions,
  MostSimilarOptions,
  SimilarWord,
  WordVectorsFileOptions,
  WordVectorsOptions,
} from './word2vec/word-vectors.js';
export { word2VecCbow, word2VecDefaults } from './word2vec/word2vec-options.js';
export type { Word2VecEpoch, Word2VecOptions } from './word2vec/word2vec-options.js';

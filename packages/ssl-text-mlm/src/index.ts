export { bertBase, bertConfig } from './bert/bert-config.js';
export type { BertConfig } from './bert/bert-config.js';
export { bertConfigFromJson, bertConfigReport, bertConfigToJson, loadBertConfig } from './bert/bert-config-json.js';
export type { BertConfigReport } from './bert/bert-config-json.js';
export type { BertEmbeddingLayout } from './bert/bert-embeddings.js';
export { BertEmbeddings } from './bert/bert-embeddings.js';
export { BertForMaskedLM } from './bert/bert-for-masked-lm.js';
export type { MaskedLmOptions } from './models/encoder-for-masked-lm.js';
export { BertForPreTraining } from './bert/bert-for-pre-training.js';
export { BertForSequenceClassification } from './bert/bert-for-sequence-classification.js';
export type { SequenceClassifierOptions } from './bert/bert-for-sequence-classification.js';
export type { BertInputs } from './bert/bert-inputs.js';
export { BertLayer } from './bert/bert-layer.js';
export { BertModel } from './bert/bert-model.js';
export type { BertModelOptions, BertTokenOptions } from './bert/bert-model.js';
export { BertPredictionHead } from './bert/bert-prediction-head.js';
export { BertTextEncoder } from './bert/bert-text-encoder.js';
export type { BertTextEncoderOptions } from './bert/bert-text-encoder.js';
export { checkOneTextEach } from './bert/check-one-text-each.js';
export { meanPool } from './bert/mean-pool.js';
export { planBatches } from './data/batch-plan.js';
export type { BatchPlanOptions, PlannedBatch } from './data/batch-plan.js';
export { extendVocabulary } from './continued/extend-vocabulary.js';
export type { ExtendedVocabulary, ExtendVocabularyOptions } from './continued/extend-vocabulary.js';
export type { VocabularyModel } from './continued/grown-model.js';
export { ClassificationLoader } from './data/classification-loader.js';
export type { ClassificationBatch, ClassificationLoaderOptions } from './data/classification-loader.js';
export { documentPairs } from './data/document-pairs.js';
export type { DocumentPairsOptions } from './data/document-pairs.js';
export { maskTokens } from './data/mask-tokens.js';
export type { MaskedTokens } from './data/mask-tokens.js';
export type { MaskingVocabulary } from './data/masking-units.js';
export { bertMasking, spanBertMasking } from './data/masking-options.js';
export type { MaskingOptions, SpanOptions } from './data/masking-options.js';
export { maskingVocabulary } from './data/masking-vocabulary.js';
export { mixSources } from './data/mix-sources.js';
export type { MixSourcesOptions } from './data/mix-sources.js';
export { MlmLoader } from './data/mlm-loader.js';
export type { MlmBatch, MlmLoaderOptions } from './data/mlm-loader.js';
export { fillBlocks, planBlocks } from './data/pack-blocks.js';
export type { BlockPattern } from './data/pack-blocks.js';
export { packRows } from './data/pack-rows.js';
export type { PackedRows } from './data/pack-rows.js';
export { padRows } from './data/pad-rows.js';
export type { PaddedRows } from './data/pad-rows.js';
export { sentencePairs } from './data/sentence-pairs.js';
export type { SentencePairsOptions, SentencePairTask } from './data/sentence-pairs.js';
export { TokenDataset } from './data/token-dataset.js';
export type { TokenDatasetOptions } from './data/token-dataset.js';
export type { PairRows } from './data/row-types.js';
export type {
  PairSample,
  PairSource,
  SourceDraws,
  TokenSample,
  TokenSamples,
  TokenSource,
} from './data/token-source.js';
export { debertaBase, debertaConfig } from './deberta/deberta-config.js';
export type { DebertaActivation } from './deberta/activate.js';
export type { DebertaConfig, DebertaPositionScore } from './deberta/deberta-config.js';
export type { DebertaModelOptions } from './deberta/deberta-encoder.js';
export { DebertaForMaskedLM } from './deberta/deberta-for-masked-lm.js';
export type { DebertaMaskedLmOptions } from './deberta/deberta-masked-lm.js';
export { DebertaModel } from './deberta/deberta-model.js';
export { debertaV2Config, debertaV2XLarge, debertaV3Base } from './deberta/deberta-v2-config.js';
export type { DebertaV2Config } from './deberta/deberta-v2-config.js';
export { DebertaV2ForMaskedLM } from './deberta/deberta-v2-for-masked-lm.js';
export { DebertaV2Model } from './deberta/deberta-v2-model.js';
export { MlmDistillation, mlmDistillationDefaults } from './distillation/mlm-distillation.js';
export type { MlmDistillationOptions, SplitMaskedLM } from './distillation/mlm-distillation.js';
export { SentenceDistillation, sentenceDistillationDefaults } from './distillation/sentence-distillation.js';
export type { SentenceDistillationOptions } from './distillation/sentence-distillation.js';
export { evaluateSequenceClassifier, SequenceClassifierEvaluator } from './evaluation/classifier-evaluator.js';
export { fillMask } from './evaluation/fill-mask.js';
export type { FilledMask, MaskCandidate } from './evaluation/fill-mask.js';
export type { LabelledResult } from './evaluation/labelled-evaluator.js';
export { evaluateMaskedLm, MaskedLmEvaluator } from './evaluation/masked-lm-evaluator.js';
export { ReplacedTokenEvaluator } from './evaluation/replaced-token-evaluator.js';
export type { ReplacedTokenResult } from './evaluation/replaced-token-evaluator.js';
export { DistilBertForMaskedLM } from './distilbert/distilbert-for-masked-lm.js';
export { DistilBertModel } from './distilbert/distilbert-model.js';
export { distilBertBase, distilBertConfig } from './distilbert/distilbert-config.js';
export type { DistilBertConfig } from './distilbert/distilbert-config.js';
export { electraBase, electraConfig, electraLarge, electraMini, electraSmall } from './electra/electra-config.js';
export type { ElectraConfig, ElectraPair } from './electra/electra-config.js';
export { ElectraForMaskedLM } from './electra/electra-for-masked-lm.js';
export { ElectraForPreTraining } from './electra/electra-for-pre-training.js';
export { ElectraModel } from './electra/electra-model.js';
export type { ElectraModelOptions } from './electra/electra-model.js';
export { robertaBase, robertaConfig, robertaLarge } from './roberta/roberta-config.js';
export type { RobertaConfig } from './roberta/roberta-config.js';
export { RobertaForMaskedLM } from './roberta/roberta-for-masked-lm.js';
export { RobertaModel } from './roberta/roberta-model.js';
export type { TokenDetector } from './models/token-detector.js';
export { framePair } from './data/frame-pair.js';
export type { FramedPair, FramePairOptions } from './data/frame-pair.js';
export { classTargets, labelTargets, numberTargets, spanTargets, tokenTargets } from './data/targets.js';
export { TextExampleLoader } from './data/text-example-loader.js';
export type { Collate, ExampleRows, TextExample, TextExampleLoaderOptions } from './data/text-example-loader.js';
export { bestSpans } from './evaluation/best-spans.js';
export type { AnswerSpan, BestSpansOptions } from './evaluation/best-spans.js';
export { MultiLabelClassification } from './methods/multi-label-classification.js';
export type { MultiLabelBatch, MultiLabelClassificationOptions } from './methods/multi-label-classification.js';
export { QuestionAnswering } from './methods/question-answering.js';
export type { QuestionAnsweringBatch } from './methods/question-answering.js';
export type { SequenceClassificationOptions } from './methods/sequence-classification.js';
export { SequenceRegression } from './methods/sequence-regression.js';
export type { SequenceRegressionBatch } from './methods/sequence-regression.js';
export { TokenClassification } from './methods/token-classification.js';
export type { TokenClassificationBatch, TokenClassificationOptions } from './methods/token-classification.js';
export { ReplacedTokenDetection } from './methods/replaced-token-detection.js';
export type { EmbeddingSharing, ReplacedTokenDetectionOptions } from './methods/replaced-token-detection.js';
export type { MaskedLmModel } from './models/masked-lm-model.js';
export type { SequenceClassifierModel } from './models/sequence-classifier-model.js';
export { SentencePairHead } from './heads/sentence-pair-head.js';
export type { PairScorer, PairScores } from './heads/sentence-pair-head.js';
export { TextForPreTraining } from './heads/text-for-pre-training.js';
export type { TextPreTrainingOptions } from './heads/text-for-pre-training.js';
export { TextForQuestionAnswering } from './heads/text-for-question-answering.js';
export type { QuestionAnsweringOptions, SpanLogits } from './heads/text-for-question-answering.js';
export { TextForSequenceClassification } from './heads/text-for-sequence-classification.js';
export type { TextSequenceClassifierOptions } from './heads/text-for-sequence-classification.js';
export { TextForTokenClassification } from './heads/text-for-token-classification.js';
export { TextForTokenDetection } from './heads/text-for-token-detection.js';
export type { TokenDetectionOptions } from './heads/text-for-token-detection.js';
export type { TextHeadOptions } from './heads/encoder-with-head.js';
export { loadMaskedLm, loadTextModel } from './models/load-text-model.js';
export type { LoadedTextModel } from './models/load-text-model.js';
export { readTextConfig, textConfigToJson } from './models/text-families.js';
export type { TextConfigReport, TextFamily } from './models/text-families.js';
export type { TextModel, TextModelConfig, TextTokenOptions } from './models/text-model.js';
export { perplexity } from './evaluation/perplexity.js';
export { pseudoPerplexity } from './evaluation/pseudo-perplexity.js';
export type { PseudoPerplexity, PseudoPerplexityOptions } from './evaluation/pseudo-perplexity.js';
export { spanF1 } from './evaluation/span-f1.js';
export type { SpanF1, SpanScores } from './evaluation/span-f1.js';
export { MaskedLanguageModelling } from './methods/masked-language-modelling.js';
export { SentencePairPrediction, sentencePairPredictionDefaults } from './methods/sentence-pair-prediction.js';
export type { SentencePairPredictionOptions } from './methods/sentence-pair-prediction.js';
export { SequenceClassification } from './methods/sequence-classification.js';
export { modernBertConfig } from './modern-bert/modern-bert-config.js';
export type {
  ModernBertConfig,
  ModernBertConfigOptions,
  ModernBertLayerType,
} from './modern-bert/modern-bert-config.js';
export {
  modernBertConfigFromJson,
  modernBertConfigReport,
  modernBertConfigToJson,
} from './modern-bert/modern-bert-config-json.js';
export { ModernBertForMaskedLM } from './modern-bert/modern-bert-for-masked-lm.js';
export { ModernBertForSequenceClassification } from './modern-bert/modern-bert-for-sequence-classification.js';
export type { ModernBertClassifierOptions } from './modern-bert/modern-bert-for-sequence-classification.js';
export type { ModernBertInputs } from './modern-bert/modern-bert-inputs.js';
export { ModernBertModel } from './modern-bert/modern-bert-model.js';
export type { ModernBertModelOptions, ModernBertTokenOptions } from './modern-bert/modern-bert-model.js';
export type { ConfigReport } from './models/config-format.js';
export type { Texts } from './pretrain/embed-texts.js';
export { fineTuneText } from './classify/fine-tune-text.js';
export type { FineTuneTextOptions, FineTuneTextResult } from './classify/fine-tune-text.js';
export type { TextFineTuningChoices } from './classify/choose-fine-tuning.js';
export type { LabelledText } from './classify/labelled-texts.js';
export { loadTextClassifier } from './classify/load-text-classifier.js';
export { LoadedTextClassifier } from './classify/loaded-text-classifier.js';
export type { TextClass } from './classify/loaded-text-classifier.js';
export type { TextClassifierDescription } from './classify/text-classifier-description.js';
export { exportPipeline } from './pretrain/export-pipeline.js';
export type { ExportPipelineOptions, TextPipelineTask } from './pretrain/export-pipeline.js';
export { loadTextEncoder } from './pretrain/load-text-encoder.js';
export { LoadedTextEncoder } from './pretrain/loaded-text-encoder.js';
export type { EmbedTextsOptions, ExportTextOnnxOptions, TextEncoderModel } from './pretrain/loaded-text-encoder.js';
export { TextIndex } from './pretrain/text-index.js';
export type { SimilarText, TextVectors } from './pretrain/text-index.js';
export { pretrainText } from './pretrain/pretrain-text.js';
export type { PretrainTextOptions, PretrainTextResult } from './pretrain/pretrain-text.js';
export type { TextSequences, TextTrainingOptions } from './pretrain/choose-training.js';
export type { TextModelType } from './pretrain/text-architecture.js';
export type { TextObjective } from './pretrain/text-learning.js';
export type { TextData, TextFileOptions } from './pretrain/text-source.js';
export type { TextEncoderDescription, TextEncoderHead, TextPooling } from './pretrain/text-encoder-description.js';
export { buildTokenStore } from './store/build-token-store.js';
export type { BuildTokenStoreOptions } from './store/build-token-store.js';
export type { StoreHeader } from './store/store-header.js';
export type { StoreLinesOptions } from './store/store-lines.js';
export { TokenStore } from './store/token-store.js';
export type { OpenTokenStoreOptions } from './store/token-store.js';
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
export { albertSpecialTokens, bertSpecialTokens, robertaSpecialTokens } from './tokenizer/special-tokens.js';
export type { SpecialTokenIds, SpecialTokens } from './tokenizer/special-tokens.js';
export { tokenizerLimits } from './tokenizer/tokenizer-limits.js';
export type {
  DecodeOptions,
  TokenizerFileOptions,
  TokenizerFolderOptions,
  TokenizerJsonOptions,
} from './tokenizer/tokenizer-options.js';
export { trainWordPiece } from './tokenizer/train-word-piece.js';
export type { TrainWordPieceOptions } from './tokenizer/train-word-piece.js';
export { trainByteLevelBpe } from './tokenizer/train-byte-level-bpe.js';
export { TokenizerPool } from './tokenizer/tokenizer-pool.js';
export type { EncodeTextsOptions, TokenizerPoolOptions } from './tokenizer/tokenizer-pool.js';
export type { TrainByteLevelBpeOptions } from './tokenizer/train-byte-level-bpe.js';
export type { TrainingTexts, VocabularyProgress } from './tokenizer/training-texts.js';
export { loadTokenizer, tokenizerFromJson } from './tokenizer/load-tokenizer.js';
export type { AnyTokenizer } from './tokenizer/load-tokenizer.js';
export { trainUnigram } from './tokenizer/train-unigram.js';
export type { TrainUnigramOptions } from './tokenizer/train-unigram.js';
export type { UnigramNormalizer } from './tokenizer/unigram-json.js';
export { UnigramTokenizer } from './tokenizer/unigram-tokenizer.js';
export { WordPieceTokenizer } from './tokenizer/word-piece-tokenizer.js';
export { ByteLevelBpeTokenizer } from './tokenizer/byte-level-bpe-tokenizer.js';
export type {
  EncodeBatchOptions,
  EncodedBatch,
  EncodedText,
  EncodeOptions,
  EncodeTextOptions,
  PairTruncation,
  TextTokenizer,
} from './tokenizer/text-tokenizer.js';
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

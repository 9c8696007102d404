import type { TextRecipe } from '../recipes/text-schema.js';
import type { VisionRecipe } from '../recipes/vision-schema.js';
import type { Summary } from '../runs/summary.js';
import type { ClassifyResult, MasksResult, MlmResult, TokenizerResult } from '../stages/text/results.js';
import type {
  FewLabelResult,
  KnnStageResult,
  MapResult,
  NeighboursResult,
  PretrainResult,
  RandomResult,
} from '../stages/vision/results.js';

/** Wall time of one stage. */
export interface StageTime {
  readonly title: string;
  readonly seconds: number;
}

/** All that the report says of a vision run. */
export interface VisionReport {
  readonly kind: 'vision';
  readonly name: string;
  readonly startedAt: string;
  readonly recipe: VisionRecipe;
  readonly random: RandomResult;
  readonly pretrain: PretrainResult;
  readonly knn: KnnStageResult;
  readonly linear: FewLabelResult;
  readonly fineTune: FewLabelResult;
  readonly scratch: FewLabelResult;
  readonly map: MapResult;
  readonly neighbours: NeighboursResult;
  readonly times: readonly StageTime[];
}

/** All that the report says of a text run. */
export interface TextReport {
  readonly kind: 'text';
  readonly name: string;
  readonly startedAt: string;
  readonly recipe: TextRecipe;
  readonly tokenizer: TokenizerResult;
  readonly pretrain: MlmResult;
  readonly fineTune: ClassifyResult;
  readonly scratch: ClassifyResult;
  readonly masks: MasksResult;
  readonly times: readonly StageTime[];
}

/** Input of `renderReport`. */
export interface ReportData {
  readonly summary: Summary;
  readonly runs: readonly (VisionReport | TextReport)[];
}

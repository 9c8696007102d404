import { loadSafetensors } from '@selfsup/ssl-nn';
import type { Encoder } from '@selfsup/ssl-nn';
import { fetched, foldIn, randomKey } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import { percent, whole, labelsEach } from '../../report/numbers.js';
import type { Opened, Pipeline, PipelineContext } from '../../runs/pipeline.js';
import type { PlannedStage, StageProgress } from '../../runs/progress.js';
import { adapt } from './adapt-stage.js';
import type { AdaptStart } from './adapt-stage.js';
import { EncoderFeatures, firstImages } from './encoder-features.js';
import type { BothFeatures } from './encoder-features.js';
import { freshEncoder } from './encoder.js';
import { fitRecipe, type ImageCounts } from './fit-recipe.js';
import { featureMap } from './feature-map.js';
import { showNeighbours } from './neighbours-stage.js';
import { pretrainVision } from './pretrain-stage.js';
import { drawLabels, fullKnn, probe, probeFewLabels, withMeans } from './probe-stages.js';
import type {
  FewLabelResult,
  KnnStageResult,
  MapResult,
  NeighboursResult,
  PretrainResult,
  RandomResult,
} from './results.js';
import { loadVisionData } from './vision-data.js';
import type { VisionData } from './vision-data.js';

/** SimCLR on images, then all that its features can be asked. */
export const visionPipeline: Pipeline<VisionRecipe> = { open, run };

async function open(asked: VisionRecipe): Promise<Opened<VisionRecipe>> {
  const { recipe, counts, notes } = await fitRecipe(asked);
  return { recipe, plan: plan(recipe, counts), notes };
}

/** Times of a forward or training pass relative to small-conv's. */
const encoderCost = { 'small-conv': 1, 'vit-tiny': 5, resnet18: 10 } as const;

function plan(recipe: VisionRecipe, counts: ImageCounts): PlannedStage[] {
  const { data, encoder, pretrain, linear, fineTune, scratch, report } = recipe;
  const side = data.source === 'folder' ? data.size : 28;
  const unit = encoderCost[encoder] * (side / 28) ** 2;
  const evaluated = (unit * (counts.train + counts.test)) / 1000;
  const steps = pretrain.epochs * Math.floor(counts.pretrain / pretrain.batchSize);
  const probes = linear.draws * linear.labelsPerClass.reduce((sum, count) => sum + count / 100, 0);
  const adaptation = ({ labelsPerClass, draws, steps, batchSize }: VisionRecipe['scratch']): number =>
    labelsPerClass.length * draws * ((unit * steps * batchSize) / 960 + 4);
  return [
    { name: 'random', title: 'Random encoder: kNN and linear probe', cost: 0.6 * evaluated + probes },
    {
      name: 'pretrain',
      title: `SimCLR, ${pretrain.epochs} ${pretrain.epochs === 1 ? 'epoch' : 'epochs'} of ${whole(counts.pretrain)} images`,
      cost: (0.35 * unit * steps * pretrain.batchSize) / 256,
    },
    { name: 'knn', title: 'kNN on the learnt features', cost: 0.6 * evaluated },
    { name: 'linear', title: `Linear probe with ${labelsEach(...linear.labelsPerClass)}`, cost: probes },
    {
      name: 'fine-tune',
      title: `Fine-tuning with ${labelsEach(...fineTune.labelsPerClass)}`,
      cost: adaptation(fineTune),
    },
    {
      name: 'scratch',
      title: `Training from scratch with ${labelsEach(...scratch.labelsPerClass)}`,
      cost: adaptation(scratch),
    },
    { name: 'map', title: `Map of ${whole(report.mapPoints)} test images`, cost: report.mapPoints / 75 },
    { name: 'neighbours', title: 'Nearest neighbours', cost: 2 },
  ];
}

async function run(recipe: VisionRecipe, context: PipelineContext): Promise<void> {
  const data = await loadVisionData(recipe);
  const session = new VisionSession(recipe, data, context);
  const { stages } = context;
  try {
    const random = await stages.run<RandomResult>('random', (progress) => session.random(progress), {
      outcome: ({ knn }) => `kNN ${percent(knn)}`,
    });
    await stages.run<PretrainResult>('pretrain', (progress) => session.pretrain(random, progress), {
      outcome: ({ loss, knnAlong }) => `loss ${loss.at(-1)?.value.toFixed(2)}, kNN ${percent(knnAlong.at(-1)!.value)}`,
    });
    await stages.run<KnnStageResult>('knn', (progress) => session.knn(progress), {
      outcome: ({ accuracy }) => percent(accuracy),
    });
    const list = ({ accuracy }: FewLabelResult): string =>
      Object.values(accuracy)
        .map((value) => percent(value))
        .join(', ');
    await stages.run<FewLabelResult>('linear', (progress) => session.linear(progress), { outcome: list });
    await stages.run<FewLabelResult>('fine-tune', (progress) => session.fineTune(progress), { outcome: list });
    await stages.run<FewLabelResult>('scratch', (progress) => session.scratch(progress), { outcome: list });
    await stages.run<MapResult>('map', (progress) => session.map(progress));
    await stages.run<NeighboursResult>('neighbours', () => session.neighbours());
  } finally {
    session.dispose();
  }
}

/** The encoder of a run and its features, made when a stage first needs them. */
class VisionSession {
  readonly #recipe: VisionRecipe;
  readonly #data: VisionData;
  readonly #context: PipelineContext;
  readonly #key: RandomKey;
  #trained: Encoder | undefined;
  #features: BothFeatures | undefined;

  constructor(recipe: VisionRecipe, data: VisionData, context: PipelineContext) {
    this.#recipe = recipe;
    this.#data = data;
    this.#context = context;
    this.#key = randomKey(recipe.seed);
  }

  async random(progress: StageProgress): Promise<RandomResult> {
    return this.#with(this.#fresh(), async (features) => {
      const both = await features.all((done, total) => progress.advance(0.7 * done, total, 'features'));
      return {
        knn: await fullKnn(this.#recipe, this.#data, both),
        knnReduced: await features.reducedKnn(),
        linear: await probeFewLabels(this.#recipe, this.#data, both, this.#key, (done, total) =>
          progress.advance(0.7 * total + 0.3 * done, total, 'linear probes'),
        ),
      };
    });
  }

  async pretrain(random: RandomResult, progress: StageProgress): Promise<PretrainResult> {
    const encoder = this.#fresh();
    const { recipe, data, key, context } = {
      recipe: this.#recipe,
      data: this.#data,
      key: this.#key,
      context: this.#context,
    };
    const result = await pretrainVision({
      recipe,
      data,
      encoder,
      key,
      knnBefore: random.knnReduced,
      context,
      progress,
    });
    this.#trained = encoder;
    return result;
  }

  async knn(progress: StageProgress): Promise<KnnStageResult> {
    const accuracy = await fullKnn(this.#recipe, this.#data, await this.#trainedFeatures(progress));
    return { accuracy, referenceImages: this.#data.train.labels.length, testImages: this.#data.test.labels.length };
  }

  async linear(progress: StageProgress): Promise<FewLabelResult> {
    return probeFewLabels(this.#recipe, this.#data, await this.#trainedFeatures(), this.#key, (done, total) =>
      progress.advance(done, total),
    );
  }

  /** From the probe's solution and at a small rate, so that few labels do not tear up the features (LP-FT, arXiv 2202.10054). */
  async fineTune(progress: StageProgress): Promise<FewLabelResult> {
    const { fineTune, linear } = this.#recipe;
    const features = await this.#trainedFeatures();
    const encoder = await this.#encoder();
    await fetched();
    const weights = encoder.stateDict();
    return this.#adaptAll(fineTune, progress, async (rows) => {
      const encoder = this.#fresh();
      encoder.loadStateDict(weights);
      const { weight, bias } = probe(this.#data, features, rows, linear.l2);
      return { encoder, head: { weight, bias }, bodyScale: fineTune.bodyScale, frozenStatistics: true };
    });
  }

  async scratch(progress: StageProgress): Promise<FewLabelResult> {
    return this.#adaptAll(this.#recipe.scratch, progress, async (_, key) => ({
      encoder: freshEncoder(this.#recipe, this.#data, foldIn(key, 'encoder')),
      bodyScale: 1,
      frozenStatistics: false,
    }));
  }

  async map(progress: StageProgress): Promise<MapResult> {
    const { images, labels } = firstImages(this.#data.test, this.#recipe.report.mapPoints);
    const place = async (encoder: Encoder, from: number, own: boolean): Promise<MapResult['trained']> => {
      const features = await this.#with(encoder, (extractor) => extractor.of(images), own);
      return featureMap(features, foldIn(this.#key, 'map'), (share) => progress.advance(from + 50 * share, 100));
    };
    const trained = await place(await this.#encoder(), 0, false);
    return { classes: this.#data.classes, labels: [...labels], trained, random: await place(this.#fresh(), 50, true) };
  }

  async neighbours(): Promise<NeighboursResult> {
    const { queries, neighbours } = this.#recipe.report;
    const { train, test } = await this.#trainedFeatures();
    return showNeighbours({
      train: this.#data.train,
      trainFeatures: train,
      test: this.#data.test,
      testFeatures: test,
      queries,
      neighbours,
    });
  }

  dispose(): void {
    this.#trained?.dispose();
  }

  /** The encoder before training: always the same weights. */
  #fresh(): Encoder {
    return freshEncoder(this.#recipe, this.#data, foldIn(this.#key, 'encoder'));
  }

  /** The encoder after training, from this process or from disk. */
  async #encoder(): Promise<Encoder> {
    if (this.#trained === undefined) {
      const encoder = this.#fresh();
      const { tensors } = await loadSafetensors(this.#context.directory.file('encoder.safetensors'));
      encoder.loadStateDict(tensors);
      this.#trained = encoder;
    }
    return this.#trained;
  }

  async #trainedFeatures(progress?: StageProgress): Promise<BothFeatures> {
    this.#features ??= await this.#with(
      await this.#encoder(),
      (features) => features.all((done, total) => progress?.advance(done, total, 'features')),
      false,
    );
    return this.#features;
  }

  async #with<T>(encoder: Encoder, work: (features: EncoderFeatures) => Promise<T>, own = true): Promise<T> {
    const features = new EncoderFeatures(encoder, this.#recipe, this.#data, this.#context.device);
    try {
      return await work(features);
    } finally {
      features.dispose();
      if (own) encoder.dispose();
    }
  }

  async #adaptAll(
    settings: VisionRecipe['scratch'],
    progress: StageProgress,
    start: (rows: Int32Array, key: RandomKey) => Promise<AdaptStart>,
  ): Promise<FewLabelResult> {
    const draws: Record<string, number[]> = {};
    const total = settings.labelsPerClass.length * settings.draws;
    let done = 0;
    for (const perClass of settings.labelsPerClass) {
      const accuracies: number[] = [];
      for (const [draw, rows] of drawLabels(this.#data, perClass, settings.draws, this.#key).entries()) {
        const key = foldIn(foldIn(foldIn(this.#key, 'adapt'), perClass), draw);
        const onStep = (step: number, steps: number): void => progress.advance(done + step / steps, total);
        accuracies.push(
          await adapt({
            ...(await start(rows, key)),
            recipe: this.#recipe,
            data: this.#data,
            rows,
            settings,
            key,
            context: this.#context,
            onStep,
          }),
        );
        done++;
      }
      draws[perClass] = accuracies;
    }
    return withMeans(draws);
  }
}

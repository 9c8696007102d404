import * as tf from '@tensorflow/tfjs-core';
import * as losses from '../../../packages/ssl-losses/src/index.js';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';

/** An input of a loss. */
export interface LossInput {
  readonly kind: 'float' | 'int' | 'mask';
  readonly shape: readonly number[];
  /** Integers lie below it. */
  readonly below: number;
}

const floats = (...shape: number[]): LossInput => ({ kind: 'float', shape, below: 0 });
const ints = (below: number, ...shape: number[]): LossInput => ({ kind: 'int', shape, below });
const mask = (...shape: number[]): LossInput => ({ kind: 'mask', shape, below: 2 });

/** Parameters are typed `never`, which every loss accepts. */
type Call = (...inputs: never[]) => unknown;

const rows = floats(6, 4);
const places = floats(2, 5, 4);
const views = { temperature: 0.5 } as const;
const key = (): tf.Tensor1D => tf.tensor1d([1, 2], 'int32');
// Their state stays as it is: the calls do not move it.
const center = new losses.Center(4);
const moving = new losses.TiCoState(4);

/** A function's inputs, and how it is called with them. */
export type LossEntry = readonly [inputs: readonly LossInput[], call: Call];

/** Every function of tensors that @selfsup/ssl-losses exports, by name. */
export const everyLoss: Readonly<Record<string, LossEntry>> = {
  alignment: [[rows, rows], losses.alignment],
  amdim: [
    [
      floats(3, 4),
      floats(3, 5, 4),
      floats(3, 9, 4),
      ints(5, 3),
      floats(3, 4),
      floats(3, 5, 4),
      floats(3, 9, 4),
      ints(5, 3),
    ],
    (a, b, c, d, e, f, g, h) =>
      losses.amdim({ global: a, coarse: b, fine: c, source: d }, { global: e, coarse: f, fine: g, source: h }),
  ],
  attentionTransfer: [[floats(2, 3, 3, 4), floats(2, 3, 3, 5)], losses.attentionTransfer],
  barlowTwins: [[rows, rows], losses.barlowTwins],
  binaryCrossEntropy: [[rows, rows], losses.binaryCrossEntropy],
  capi: [[places, places], losses.capi],
  cbow: [[floats(3, 4, 5), floats(3, 5), floats(3, 6, 5)], losses.cbow],
  clipLoss: [[rows, rows], (a, b) => losses.clipLoss(a, b, 1)],
  co2: [[rows, rows], losses.co2],
  collapseLevel: [[rows], losses.collapseLevel],
  cpcInfoNCE: [[places, floats(2, 5, 3), floats(4, 3)], (a, b, c) => losses.cpcInfoNCE(a, b, [c])],
  dcl: [[rows, rows], losses.dcl],
  dclw: [[rows, rows], losses.dclw],
  decoupledDistillation: [[rows, rows, ints(4, 6)], losses.decoupledDistillation],
  denseCL: [
    [rows, floats(6, 5, 4), floats(6, 5, 3), rows, floats(6, 5, 4), floats(6, 5, 3)],
    (a, b, c, d, e, f) => losses.denseCL({ global: a, dense: b, features: c }, { global: d, dense: e, features: f }),
  ],
  detConB: [
    [places, places, ints(3, 2, 5), places, places, ints(3, 2, 5)],
    (a, b, c, d, e, f) =>
      losses.detConB({ prediction: a, target: b, masks: c }, { prediction: d, target: e, masks: f }),
  ],
  detConS: [[places, places, ints(3, 2, 5), ints(3, 2, 5)], losses.detConS],
  dice: [[rows, ints(4, 6)], losses.dice],
  diceCrossEntropy: [[rows, ints(4, 6)], losses.diceCrossEntropy],
  dino: [[rows, rows], (a, b) => losses.dino([a], [b, b], center, { updateCenter: false })],
  directCLR: [[rows, rows], (a, b) => losses.directCLR(a, b, { lossDim: 2 })],
  distillation: [[rows, rows, ints(4, 6)], (a, b, labels) => losses.distillation(a, b, { labels, alpha: 0.5 })],
  dse: [[places], (a) => losses.dse(a, key(), { maxIterations: 1, globalClusters: 3 })],
  electraLoss: [
    [rows, ints(4, 6), floats(2, 3), mask(2, 3)],
    (a, b, c, d) => losses.electraLoss({ logits: a, labels: b }, { logits: c, replaced: d }).loss,
  ],
  empSSL: [[rows, rows], (a, b) => losses.empSSL([a, b])],
  eppsPulley: [[rows], losses.eppsPulley],
  featureDistillation: [[rows, rows], losses.featureDistillation],
  featureStd: [[rows], losses.featureStd],
  fixMatch: [[rows, rows], losses.fixMatch],
  flexMatchThresholds: [[floats(4)], (a) => losses.flexMatchThresholds(a, 9)],
  frossl: [[rows, rows], (a, b) => losses.frossl([a, b])],
  generalizedDice: [[rows, ints(4, 6)], losses.generalizedDice],
  hypersphere: [[rows, rows], losses.hypersphere],
  ibot: [[floats(6, 4), floats(6, 4), mask(2, 5)], (a, b, c) => losses.ibot(a, b, c, 'sinkhorn')],
  ibotPlusPlus: [[places, places], (a, b) => losses.ibotPlusPlus(a, b, 'sinkhorn')],
  infoNCE: [[rows, rows, rows], losses.infoNCE],
  koleo: [[rows], losses.koleo],
  leJEPA: [[floats(2, 6, 4), floats(3, 6, 4)], (a, b) => losses.leJEPA(a, b, key(), { sigReg: { numVectors: 8 } })],
  leWM: [[places, places, places], (a, b, c) => losses.leWM(a, b, c, key(), { sigReg: { numVectors: 8 } })],
  macl: [[rows, rows], losses.macl],
  maskedL1: [[floats(1, 4, 4, 3), floats(1, 4, 4, 3), mask(1, 2, 2)], losses.maskedL1],
  maskedPatchMSE: [[places, places, mask(2, 5)], losses.maskedPatchMSE],
  maskedTokenCrossEntropy: [[rows, ints(4, 6)], losses.maskedTokenCrossEntropy],
  meanSquaredError: [[rows, rows], losses.meanSquaredError],
  mixedCrossEntropy: [[rows, ints(4, 6), ints(4, 6), floats(6)], losses.mixedCrossEntropy],
  mixedTargets: [[ints(4, 6), ints(4, 6), floats(6)], (a, b, c) => losses.mixedTargets(a, b, c, 4)],
  mmcr: [[places, places], losses.mmcr],
  mostSimilar: [[places, places], losses.mostSimilar],
  msn: [[rows, floats(3, 4), rows], losses.msn],
  nearestNeighbors: [[rows, rows], losses.nearestNeighbors],
  negativeCosine: [[rows, rows], losses.negativeCosine],
  nextTokenCrossEntropy: [[places, ints(4, 2, 5)], losses.nextTokenCrossEntropy],
  nnclr: [[rows, rows, rows, rows, rows], (a, b, c, d, e) => losses.nnclr([a, b], [c, d], e)],
  normalizePrototypes: [[], () => undefined],
  ntXent: [[rows, floats(5, 4)], (a, negatives) => losses.ntXent(a, { ...views, negatives })],
  nuclearNorm: [[places], losses.nuclearNorm],
  gramAnchoring: [[places, places], losses.gramAnchoring],
  patchKernelAlignment: [[places, places], losses.patchKernelAlignment],
  patchify: [[floats(1, 4, 4, 3)], (a) => losses.patchify(a, 2)],
  pmsn: [[rows, floats(3, 4), rows], losses.pmsn],
  pseudoLabels: [[rows, floats(4)], (a, average) => losses.pseudoLabels(a, { alignment: { average } })],
  relationalDistillation: [[rows, rows], losses.relationalDistillation],
  replacedTokenDetection: [[floats(2, 5), mask(2, 5)], losses.replacedTokenDetection],
  roiResampleToGrid: [[floats(1, 4, 4, 3), floats(1, 4)], (a, b) => losses.roiResampleToGrid(a, b, 2, 2)],
  seedDistillation: [[rows, rows, rows], losses.seedDistillation],
  sigReg: [[rows, floats(4, 8)], losses.sigReg],
  siglip: [[rows, rows], (a, b) => losses.siglip(a, b, 1, -1)],
  sigmoidFocal: [[rows, rows], losses.sigmoidFocal],
  simcseSupervised: [[rows, rows, rows], losses.simcseSupervised],
  simcseUnsupervised: [[rows, rows], losses.simcseUnsupervised],
  similarityPreserving: [[rows, rows], losses.similarityPreserving],
  sinkhorn: [[rows], losses.sinkhorn],
  skipGramNegativeSampling: [[floats(3, 5), floats(3, 5), floats(3, 6, 5)], losses.skipGramNegativeSampling],
  softTargetCrossEntropy: [[rows, rows], losses.softTargetCrossEntropy],
  softmaxCrossEntropy: [[rows, ints(4, 6)], losses.softmaxCrossEntropy],
  softmaxFocal: [[rows, ints(4, 6)], losses.softmaxFocal],
  supCon: [[rows, ints(3, 3)], losses.supCon],
  swav: [[rows, rows, rows], (a, b, c) => losses.swav([a, b], [c])],
  tico: [[rows, rows], (a, b) => losses.tico(a, b, moving, { updateCovariance: false })],
  uniformity: [[rows], losses.uniformity],
  vicreg: [[rows, rows], losses.vicreg],
  vicregl: [
    [rows, floats(6, 2, 2, 4), floats(6, 2, 2, 2), rows, floats(6, 2, 2, 4), floats(6, 2, 2, 2)],
    (a, b, c, d, e, f) =>
      losses.vicregl(
        [
          { global: a, local: b, grid: c },
          { global: d, local: e, grid: f },
        ],
        [],
        { numMatches: [2, 2] },
      ),
  ],
  visReg: [[floats(2, 6, 4), floats(3, 6, 4)], (a, b) => losses.visReg(a, b, key(), { numSlices: 8 })],
  visualTokenCrossEntropy: [[places, ints(4, 2, 5), mask(2, 5)], losses.visualTokenCrossEntropy],
  wMSE: [[floats(24, 4)], (a) => losses.wMSE(a, key(), { wSize: 12 })],
  whiten: [[floats(9, 4)], losses.whiten],
};

/** Values of an input from its place among the inputs; of its own type unless another is asked for. */
export const drawInput = (
  { kind, shape, below }: LossInput,
  index: number,
  dtype?: 'float32' | 'int32' | 'bool',
): tf.Tensor => {
  const stream = new RandomStream(randomKey(index));
  const size = shape.reduce((product, length) => product * length, 1);
  // The first places of a mask are 1, so that as many rows as a loss expects are masked.
  const element = (place: number): number =>
    kind === 'float' ? stream.uniform(0.05, 0.95) : kind === 'int' ? stream.integer(below) : Number(place < 6);
  return tf.tensor(
    Array.from({ length: size }, (_, place) => element(place)),
    [...shape],
    dtype ?? (kind === 'float' ? 'float32' : 'int32'),
  );
};

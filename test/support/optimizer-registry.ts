/** Every optimiser, for tests of what they have in common. */
import {
  Adafactor,
  type AdafactorOptions,
  Adam,
  type AdamOptions,
  AdamW,
  Lamb,
  type LambOptions,
  Lars,
  type LarsOptions,
  Lion,
  type LionOptions,
  type Optimizer,
  type ParameterGroup,
  Sgd,
  type SgdOptions,
} from '@selfsup/ssl-train';

type Groups = readonly ParameterGroup[];

/** An optimiser as tests take it. */
export interface OptimizerEntry {
  readonly name: string;
  readonly make: (groups: Groups, changes?: object) => Optimizer;
  /** Learning rate for parameters of about 1. */
  readonly rate: number;
  /** For each of its `settings`, options that change it; a lone optimiser of each class has them. */
  readonly changes?: Readonly<Record<string, object>>;
  /** Options out of range, with what their message says. */
  readonly refused?: readonly (readonly [options: object, message: string])[];
}

const numbers = (...names: readonly string[]): [object, string][] =>
  names.flatMap((name) => [
    [{ [name]: -0.1 }, `${name} must be`],
    [{ [name]: Number.NaN }, `${name} must be`],
    [{ [name]: '0.1' }, `${name} must be a number`],
  ]);
const flags = (...names: readonly string[]): [object, string][] =>
  names.map((name) => [{ [name]: 'false' }, `${name} must be true or false`]);
const filters = (...names: readonly string[]): [object, string][] =>
  names.map((name) => [{ [name]: true }, `${name} must be a function`]);
const betas: [object, string][] = [
  [{ betas: 0.9 }, 'betas must be a pair'],
  [{ betas: [0.9] }, 'betas must be a pair'],
  [{ betas: [1, 0.9] }, 'betas[0] must be in [0, 1)'],
  [{ betas: [0.9, -0.1] }, 'betas[1] must be in [0, 1)'],
];
const decay: [object, string][] = [
  [{ weightDecay: -0.1 }, 'weightDecay must be'],
  [{ weightDecay: '0.1' }, 'weightDecay must be'],
  ...filters('decayFilter'),
  [{ wieghtDecay: 0.1 }, 'wieghtDecay must be a known option'],
];
const momentum: [object, string][] = [
  ...numbers('momentum', 'dampening'),
  [{ momentum: 1.1 }, 'momentum must be'],
  [{ dampening: 1.1 }, 'dampening must be'],
  [{ nesterov: true, momentum: 0 }, 'nesterov must be false, or true with momentum > 0'],
  [{ nesterov: true, dampening: 0.5 }, 'nesterov must be false, or true with momentum > 0'],
  ...flags('nesterov'),
];
const changedBetas = { beta1: { betas: [0.8, 0.9] }, beta2: { betas: [0.9, 0.8] } };
const adamChanges = {
  ...changedBetas,
  epsilon: { epsilon: 1e-6 },
  amsgrad: { amsgrad: true },
  weightDecay: { weightDecay: 0.2 },
};
const adamRefused = [...betas, ...numbers('epsilon'), ...flags('amsgrad'), ...decay];
const changedMomentum = {
  momentum: { momentum: 0.8 },
  dampening: { dampening: 0.1 },
  nesterov: { nesterov: true },
  weightDecay: { weightDecay: 0.2 },
};

const sgd =
  (own: SgdOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new Sgd(groups, { ...own, ...changes });
const adam =
  (own: AdamOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new Adam(groups, { betas: [0.9, 0.9], ...own, ...changes });
const adamW =
  (own: AdamOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new AdamW(groups, { betas: [0.9, 0.9], ...own, ...changes });
const lars =
  (own: LarsOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new Lars(groups, { weightDecay: 0.05, trustCoefficient: 0.1, ...own, ...changes });
const lamb =
  (own: LambOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new Lamb(groups, { betas: [0.9, 0.9], weightDecay: 0.05, ...own, ...changes });
const lion =
  (own: LionOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new Lion(groups, { betas: [0.9, 0.9], weightDecay: 0.05, ...own, ...changes });
const adafactor =
  (own: AdafactorOptions) =>
  (groups: Groups, changes?: object): Optimizer =>
    new Adafactor(groups, { weightDecay: 0.05, ...own, ...changes });

export const optimizers: readonly OptimizerEntry[] = [
  {
    name: 'Sgd',
    make: sgd({ momentum: 0.9, weightDecay: 0.01 }),
    rate: 0.02,
    changes: changedMomentum,
    refused: [...momentum, ...decay],
  },
  { name: 'Sgd, plain', make: sgd({ weightDecay: 0.05 }), rate: 0.05 },
  { name: 'Sgd, dampened', make: sgd({ momentum: 0.8, dampening: 0.5, weightDecay: 0.05 }), rate: 0.05 },
  { name: 'Sgd, Nesterov', make: sgd({ momentum: 0.8, nesterov: true }), rate: 0.02 },
  { name: 'Adam', make: adam({ weightDecay: 0.01 }), rate: 0.03, changes: adamChanges, refused: adamRefused },
  { name: 'Adam, AMSGrad', make: adam({ amsgrad: true }), rate: 0.03 },
  { name: 'AdamW', make: adamW({ weightDecay: 0.05 }), rate: 0.03, changes: adamChanges, refused: adamRefused },
  {
    name: 'Lars',
    make: lars({}),
    rate: 0.3,
    changes: {
      ...changedMomentum,
      trustCoefficient: { trustCoefficient: 0.2 },
      epsilon: { epsilon: 1e-6 },
      trustClip: { trustClip: true },
    },
    refused: [
      ...momentum,
      ...numbers('trustCoefficient', 'epsilon'),
      ...flags('trustClip'),
      ...decay,
      ...filters('adaptFilter'),
    ],
  },
  { name: 'Lars, dampened', make: lars({ dampening: 0.5, trustClip: true }), rate: 0.3 },
  {
    name: 'Lamb',
    make: lamb({}),
    rate: 0.03,
    changes: {
      ...changedBetas,
      epsilon: { epsilon: 1e-5 },
      trustClip: { trustClip: true },
      maxWeightNorm: { maxWeightNorm: 10 },
      biasCorrection: { biasCorrection: false },
      weightDecay: { weightDecay: 0.2 },
    },
    refused: [
      ...betas,
      ...numbers('epsilon', 'maxWeightNorm'),
      [{ epsilon: 0 }, 'epsilon must be positive'],
      ...flags('trustClip', 'biasCorrection'),
      ...decay,
      ...filters('adaptFilter'),
    ],
  },
  {
    name: 'Lion',
    make: lion({}),
    rate: 0.01,
    changes: { ...changedBetas, weightDecay: { weightDecay: 0.2 } },
    refused: [...betas, ...decay],
  },
  {
    name: 'Adafactor',
    make: adafactor({ beta1: 0.9 }),
    rate: 0.03,
    changes: {
      relativeStep: { relativeStep: true },
      warmupInit: { relativeStep: true, warmupInit: true },
      scaleParameter: { scaleParameter: true },
      scaleEpsilon: { scaleEpsilon: 0.1 },
      epsilon: { epsilon: 1e-10 },
      clipThreshold: { clipThreshold: 2 },
      decayRate: { decayRate: -0.5 },
      beta1: { beta1: 0.8 },
      weightDecay: { weightDecay: 0.2 },
    },
    refused: [
      ...numbers('scaleEpsilon', 'epsilon', 'clipThreshold', 'beta1'),
      [{ epsilon: 0 }, 'epsilon must be positive'],
      [{ clipThreshold: 0 }, 'clipThreshold must be positive'],
      [{ decayRate: 0.8 }, 'decayRate must be'],
      [{ decayRate: -1.1 }, 'decayRate must be'],
      [{ decayRate: '-0.8' }, 'decayRate must be a number'],
      [{ beta1: 1 }, 'beta1 must be in [0, 1)'],
      [{ warmupInit: true }, 'warmupInit must be false, or true with relativeStep: true'],
      ...flags('relativeStep', 'warmupInit', 'scaleParameter'),
      ...decay,
    ],
  },
  { name: 'Adafactor, relative', make: adafactor({ relativeStep: true, scaleParameter: true }), rate: 4 },
];

/** One entry of each class, which has `changes` and `refused`. */
export const classes: readonly OptimizerEntry[] = optimizers.filter(({ changes }) => changes !== undefined);

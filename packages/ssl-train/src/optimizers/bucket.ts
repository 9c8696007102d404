import { FlatLayout } from './flat-layout.js';
import type { OptimizedParameter } from './parameter-group.js';
import { type Slot, type SlotKind, slotsOf } from './slot.js';

/**
 * True for a parameter that is updated by itself: its ops are large already, and laying it end to end with the others
 * would copy it twice.
 */
const isLone = (size: number): boolean => size >= 2 ** 17;

/**
 * Parameters that share their settings, laid end to end in one vector: an update is then a few large ops in place of
 * many small ones.
 */
export class Bucket {
  readonly learningRate: number | string;
  readonly learningRateScale: number;
  readonly weightDecay: number | string;
  readonly adapts: boolean;
  readonly layout: FlatLayout;
  readonly slots: readonly Slot[];

  /** @param parameters at least one, of which the same kinds are kept */
  constructor(
    readonly parameters: readonly OptimizedParameter[],
    kinds: readonly SlotKind[],
  ) {
    const { learningRate, learningRateScale, weightDecay, adapts } = parameters[0]!;
    this.learningRate = learningRate;
    this.learningRateScale = learningRateScale;
    this.weightDecay = weightDecay;
    this.adapts = adapts;
    this.layout = new FlatLayout(parameters.map(({ variable }) => variable.shape));
    this.slots = slotsOf(kinds, this.layout);
  }
}

/** Buckets of the small parameters with the same settings and of each large one, in order of first occurrence. */
export function bucketsOf(parameters: readonly OptimizedParameter[], kinds: readonly SlotKind[]): readonly Bucket[] {
  const bySettings = new Map<string, OptimizedParameter[]>();
  for (const parameter of parameters) {
    const { name, variable, learningRate, learningRateScale, weightDecay, adapts } = parameter;
    const kept = kinds.map(({ shapeOf }) => (shapeOf(variable.shape) === undefined ? '-' : '+')).join('');
    const settings = `${learningRate} ${learningRateScale} ${weightDecay} ${adapts} ${kept}`;
    const key = `${isLone(variable.size) ? name : ''} ${settings}`;
    const members = bySettings.get(key);
    if (members === undefined) bySettings.set(key, [parameter]);
    else members.push(parameter);
  }
  return [...bySettings.values()].map((members) => new Bucket(members, kinds));
}

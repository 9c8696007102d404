import { teacherTemperature } from '@selfsup/ssl-losses';
import { checkCount, checkPositive, checkShare } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import type { Module } from '@selfsup/ssl-nn';
import type { EmaPair, RunShape, Schedule } from '@selfsup/ssl-train';
import { risingMomentum } from '../joint-embedding/momentum-pairs.js';

/** Numbers of a teacher and its schedules, of `Dino`, `Ibot` and `DinoV2`. */
export interface DistillationNumbers {
  /** Divisor of the student's outputs. Default 0.1. */
  readonly studentTemperature?: number;
  /** Divisor of the teacher's outputs in the first epoch. Default 0.04. */
  readonly warmupTeacherTemperature?: number;
  /** The same after the warm-up. */
  readonly teacherTemperature?: number;
  /** Epochs of the warm-up, over which it moves by equal steps. Default 30. */
  readonly warmupTeacherEpochs?: number;
  /** Of the teacher at the start, in `[0, 1]`; half a cosine brings it to 1 at the end of the run. */
  readonly momentum?: number;
  /** Share of the old centre that stays at an update, in `[0, 1]`. Default 0.9. */
  readonly centerMomentum?: number;
  /** Epochs at the start in which the prototypes do not train. Default 1. */
  readonly freezeLastLayerEpochs?: number;
}

/** Names of {@link DistillationNumbers}. */
export const distillationNumberNames: OptionNames<DistillationNumbers> = {
  studentTemperature: 'optionalNumber',
  warmupTeacherTemperature: 'optionalNumber',
  teacherTemperature: 'optionalNumber',
  warmupTeacherEpochs: 'optionalNumber',
  momentum: 'optionalNumber',
  centerMomentum: 'optionalNumber',
  freezeLastLayerEpochs: 'optionalNumber',
};

/** Whether the prototypes train. */
export type DistillationPhase = 'lastLayerFrozen' | 'all';

/** What a method is told of its numbers by name, checked: the settings of a run. */
export class DistillationPlan {
  readonly settings: Readonly<Record<keyof DistillationNumbers, number>>;

  /** @throws InvalidOptionError for numbers out of range */
  constructor(where: string, numbers: Required<DistillationNumbers>) {
    const names = Object.keys(distillationNumberNames) as (keyof DistillationNumbers)[];
    this.settings = Object.fromEntries(names.map((name) => [name, numbers[name]])) as typeof this.settings;
    const { momentum, centerMomentum, warmupTeacherEpochs, freezeLastLayerEpochs, ...temperatures } = this.settings;
    checkPositive(where, temperatures);
    checkShare(where, { momentum, centerMomentum });
    checkCount(where, { warmupTeacherEpochs, freezeLastLayerEpochs }, 0);
  }

  /** The teacher's temperature: constant within an epoch. */
  schedules({ stepsPerEpoch }: RunShape): Record<'teacherTemperature', Schedule> {
    const ofEpoch = teacherTemperature({
      warmupTemperature: this.settings.warmupTeacherTemperature,
      temperature: this.settings.teacherTemperature,
      warmupEpochs: this.settings.warmupTeacherEpochs,
    });
    return { teacherTemperature: (step) => ofEpoch(Math.floor(step / stepsPerEpoch)) };
  }

  /** Teachers that follow, by the same momentum; their running statistics are those of their own passes. */
  pairs(run: RunShape, pairs: readonly { readonly online: Module; readonly target: Module }[]): readonly EmaPair[] {
    const momentum = risingMomentum(this.settings.momentum, run);
    return pairs.map((pair) => ({ ...pair, momentum, buffers: 'keep' }));
  }

  phaseAt(step: number, { stepsPerEpoch }: RunShape): DistillationPhase {
    return step < this.settings.freezeLastLayerEpochs * stepsPerEpoch ? 'lastLayerFrozen' : 'all';
  }
}

import { meanOf } from '../runs/spread.js';
import { textData } from './data-of.js';
import { accuracyOf, keyOfDraw } from './fine-tuning.js';
import type { MaskingName } from './maskings.js';
import { pretrained } from './pretrained.js';
import type { Figures, TextJob } from './rows.js';

/** Labels of each class, and draws of them. */
const [perClass, draws] = [20, 3];

/** What a BERT is worth after pretraining with one way of masking. */
export async function objective({ variant, seed, budget, threads }: TextJob): Promise<Figures> {
  const data = await textData('glosses', budget);
  const { state, figures } = await pretrained('bert', data, seed, threads, variant as MaskingName);
  const accuracies: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const key = keyOfDraw(draw, data.corpus, perClass);
    accuracies.push(await accuracyOf({ data, name: 'bert', start: state, perClass, key, threads }));
  }
  return { ...figures, fineTuned: meanOf(accuracies) };
}

import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSafetensors, saveSafetensors, type StateDict } from '@selfsup/ssl-nn';
import { fetched } from '@selfsup/ssl-tensor';
import { textsFolder } from '../texts/kept-records.js';
import type { Figures } from './rows.js';

/** Weights, and what was measured when they were made. */
export interface KeptModel {
  readonly state: StateDict;
  readonly figures: Figures;
}

/** The weights of that name, or those that `make` gives, which are kept for the runs to come. */
export async function keptModel(
  name: string,
  make: () => Promise<{ readonly state: () => StateDict; readonly figures: Figures }>,
): Promise<KeptModel> {
  const path = join(textsFolder, 'models', `${name}.safetensors`);
  if ((await stat(path).catch(() => undefined)) !== undefined) {
    const { tensors, metadata } = await loadSafetensors(path);
    return { state: tensors, figures: JSON.parse(metadata['figures']!) as Figures };
  }
  const { state, figures } = await make();
  await fetched();
  await mkdir(join(textsFolder, 'models'), { recursive: true });
  const weights = state();
  await saveSafetensors(path, weights, { figures: JSON.stringify(figures) });
  return { state: weights, figures };
}

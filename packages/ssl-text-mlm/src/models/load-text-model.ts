import { join } from 'node:path';
import { checkPath } from '@selfsup/ssl-core/files';
import { loadSafetensors, type Module, type StateDict } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { checkFileSizes } from './check-file-sizes.js';
import { type ConfigFormat, knownConfig, readConfigJson } from './config-format.js';
import type { MaskedLmModel } from './masked-lm-model.js';
import { readTextConfig, type TextConfigReport } from './text-families.js';
import type { TextModel } from './text-model.js';

/** A model from a folder, and what of its files it does not use. */
export interface LoadedTextModel<M> {
  readonly model: M;
  /** Fields of `config.json` that change nothing here, and tensors that the model has no use for, with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
}

/**
 * The encoder of a folder that transformers wrote, or this package: `config.json`, whose `model_type` picks the family, and
 * `model.safetensors`, of the encoder alone or of a model with a head, whose tensors are then `ignored`. An encoder has a
 * pooler where the file has one.
 *
 * @throws DataError or CheckpointError for a file that is missing, damaged, of another family or of other sizes
 */
export async function loadTextModel(folder: string): Promise<LoadedTextModel<TextModel>> {
  const { report, tensors, file } = await readFolder('loadTextModel', folder);
  const start = `${report.family.baseName}.`;
  const isWithHead = [...tensors.keys()].some((name) => name.startsWith(start));
  const own: StateDict = new Map();
  const ignored = new Map(report.ignored);
  for (const [name, array] of tensors)
    if (!isWithHead) own.set(name, array);
    else if (name.startsWith(start)) own.set(name.slice(start.length), array);
    else ignored.set(name, 'not in the encoder');
  const pooler = [...own.keys()].some((name) => name.startsWith('pooler.'));
  return filled(file, own, ignored, () => report.family.encoder(report.config as never, randomKey(0), pooler));
}

/**
 * As {@link loadTextModel}, with the head for masked-language modelling: a folder of a `BertForMaskedLM`,
 * `RobertaForMaskedLM` and the like.
 *
 * @throws as {@link loadTextModel}, and CheckpointError for a file without such a head
 */
export async function loadMaskedLm(folder: string): Promise<LoadedTextModel<MaskedLmModel>> {
  const { report, tensors, file } = await readFolder('loadMaskedLm', folder);
  return filled(file, tensors, new Map(report.ignored), () =>
    report.family.maskedLm(report.config as never, randomKey(0)),
  );
}

async function readFolder(
  where: string,
  folder: string,
): Promise<{ readonly report: TextConfigReport; readonly tensors: StateDict; readonly file: string }> {
  checkPath(where, 'folder', folder);
  const configFile = join(folder, 'config.json');
  const file = join(folder, 'model.safetensors');
  const report = readTextConfig(await readConfigJson(configFile, 'utf-8', where), configFile);
  knownConfig(report.family.format as unknown as ConfigFormat<object>, report, configFile);
  const { tensors } = await loadSafetensors(file);
  checkFileSizes(tensors, report.config, file);
  return { report, tensors, file };
}

function filled<M extends Module>(
  path: string,
  tensors: StateDict,
  ignored: Map<string, string>,
  make: () => M,
): LoadedTextModel<M> {
  let model: M | undefined;
  try {
    model = make();
    for (const [name, reason] of model.loadStateDict(tensors).ignored) ignored.set(name, reason);
    return { model, ignored };
  } catch (cause) {
    model?.dispose();
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(cause.message, { path, cause });
  }
}

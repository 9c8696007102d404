import { join } from 'node:path';
import { writeWhole } from '@selfsup/ssl-core/files';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { fetched } from '@selfsup/ssl-tensor';
import {
  checkFolderRun,
  type FolderRunResult,
  readFolderRun,
  type RunConfig,
  tellerOf,
  trainInFolder,
  type TrainerObserver,
} from '@selfsup/ssl-train';
import { byHand } from './by-hand.js';
import { chooseSettings, type PretrainSettings, type Standing } from './choose-settings.js';
import { descriptionEntry, descriptionFormat, type EncoderDescription } from './encoder-description.js';
import { fitBatchToMemory } from './fit-batch-to-memory.js';
import { encoderFile, LoadedEncoder, loadEncoder } from './load-encoder.js';
import { openForMethod } from './open-for-method.js';
import { pictureFacts } from './picture-facts.js';
import { openTeacher } from './open-teacher.js';
import type { OpenedTeacher } from './opened-teacher.js';
import { checkPretrainOptions, type PretrainOptions } from './pretrain-options.js';
import { type PretrainParts, pretrainParts } from './pretrain-parts.js';
import { describeViews } from './pretrain-views.js';
import { pretrainObservers } from './pretrain-observers.js';

/** What {@link pretrain} returns. */
export interface PretrainResult {
  /** Nothing where the run was interrupted: the same call goes on. */
  readonly encoder?: LoadedEncoder;
  readonly interrupted: boolean;
  readonly settings: RunConfig;
}

/**
 * Pretrains an encoder on pictures, without labels but for the one method that learns from them, and writes
 * `encoder.safetensors`, which describes itself, `encoder.onnx`, `config.json`, `log.jsonl`, `report.html`, `checkpoints`
 * and `by-hand.ts`, the same run as a program of public parts. The same call goes on after a stop, with the choices of its start; of a finished run it returns the encoder.
 *
 * @throws InvalidOptionError for options out of range, and for pictures without classes where the method learns from them;
 *   CheckpointError where `out` holds a run with other settings
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainResult> {
  const checked = checkPretrainOptions(options);
  const { data, out, observers = [], progress, signal, threads } = checked;
  const dataset = await openForMethod(data, checked.method);
  const facts = await pictureFacts(dataset);
  const teacher = await openTeacher(checked.method, checked.teacher, facts);
  const given = { ...checked, ...(teacher === undefined ? {} : { teacherSettings: teacher.settings }) };
  const run = await readFolderRun(out, encoderFile);
  const before: Standing = { settings: run.settings ?? {}, why: 'of the run that goes on' };
  let { settings, reasons } = chooseSettings(given, facts, before);
  checkFolderRun(run, settings);
  if (run.state === 'finished') {
    tellerOf('pretrain', progress)(`the run in ${out} is finished`);
    return { encoder: await loadEncoder(out), interrupted: false, settings };
  }
  let parts = pretrainParts(dataset, settings, given, teacher);
  let trained: FolderRunResult;
  try {
    // What was given is kept, and so is what a run began with.
    const fitting =
      run.state === 'none' && given.batchSize === undefined
        ? await fitBatchToMemory(parts, { ...settings, out })
        : undefined;
    if (fitting !== undefined) {
      await parts.loader.close();
      const { batchSize, why } = fitting;
      ({ settings, reasons } = chooseSettings({ ...given, batchSize }, facts));
      reasons = { ...reasons, batchSize: why };
      parts = pretrainParts(dataset, settings, given, teacher);
    }
    const { method, encoder, loader, optimizer, schedule, gradientStages, steps, architecture } = parts;
    const own = await pretrainObservers(encoder, dataset, settings, given);
    trained = await trainInFolder({
      out,
      settings,
      reasons,
      about: { encoder: { ...architecture } },
      method,
      loader,
      optimizer,
      schedule,
      gradientStages,
      steps,
      seed: settings.seed,
      observers: [teller(given, settings, parts, teacher), ...own, ...observers],
      ...(threads === undefined ? {} : { threads }),
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    await parts.loader.close();
  }
  if (!trained.finished) return { interrupted: true, settings };
  await fetched();
  const loaded = new LoadedEncoder(parts.encoder, describe(settings, parts, trained));
  await loaded.exportOnnx(join(out, 'encoder.onnx'));
  // Last: it says that the run is finished.
  const metadata = { [descriptionEntry]: JSON.stringify(loaded.description) };
  await saveSafetensors(join(out, encoderFile), loaded.encoder.stateDict(), metadata);
  return { encoder: loaded, interrupted: false, settings };
}

/** Tells what of the machine is used, and writes the run out by hand. */
function teller(
  { data, out, threads }: PretrainOptions,
  settings: PretrainSettings,
  parts: PretrainParts,
  teacher: OpenedTeacher | undefined,
): TrainerObserver {
  const { workers } = parts.loader;
  return {
    onStart: async ({ environment, startStep }, run) => {
      const why = threads !== undefined ? 'as given' : startStep > 0 ? 'of the run that goes on' : 'all cores';
      run.note(`${environment.threads} threads compute (${why}), ${workers} build batches`);
      const text = byHand({
        settings,
        parts,
        data: typeof data === 'string' ? data : undefined,
        out,
        threads: environment.threads,
        teacher,
      });
      await writeWhole(join(out, 'by-hand.ts'), text);
    },
  };
}

/** What the encoder's file says of it. */
function describe(
  settings: PretrainSettings,
  { architecture, method, encoder, views }: PretrainParts,
  { steps, environment }: FolderRunResult,
): EncoderDescription {
  const { imageSize, channels, normalize } = settings;
  return {
    format: descriptionFormat,
    encoder: architecture,
    featureDim: encoder.featureDim,
    imageSize,
    channels,
    normalize,
    method: { name: settings.method, settings: method.settings },
    views: describeViews(views),
    training: { ...settings, steps },
    versions: environment.versions,
  };
}

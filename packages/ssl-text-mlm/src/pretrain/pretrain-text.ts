import { availableParallelism } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { checkPath, describeFileError, FolderLock, makeFolder, writeWhole } from '@selfsup/ssl-core/files';
import { checkOptions, DataError, InvalidOptionError, type OptionNames, SslError } from '@selfsup/ssl-tensor/host';
import {
  checkFolderRun,
  type JsonValue,
  type ProgressOption,
  readFolderRun,
  type RunConfig,
  tellerOf,
  type TrainerObserver,
} from '@selfsup/ssl-train';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { byHandProgram } from './by-hand.js';
import { chooseTraining, textTrainingOptionNames, type TextTrainingOptions } from './choose-training.js';
import { encoderFile, loadTextEncoder } from './load-text-encoder.js';
import type { LoadedTextEncoder } from './loaded-text-encoder.js';
import { type Prepared, preparedFiles, prepareTokens, type PrepareHooks, type PreparedBy } from './prepare-tokens.js';
import type { TextFacts } from './text-facts.js';
import { type TextData, type TextFileOptions, textFileOptionNames, textSource } from './text-source.js';
import { trainTextEncoder } from './train-text-encoder.js';

/** Options of {@link pretrainText}: all but the first two have defaults chosen from the data, which are told and saved. */
export interface PretrainTextOptions extends TextTrainingOptions, TextFileOptions {
  /** Texts: a folder of `.txt` and `.jsonl` files, one such file, an array, or a function that gives them anew each time. */
  readonly data: TextData;
  /** Folder of the run. */
  readonly out: string;
  /** Default: one is learnt from the texts. */
  readonly tokenizer?: TextTokenizer;
  /** Entries of the vocabulary that is learnt. */
  readonly vocabSize?: number;
  /** Lower-case the texts and strip accents, in the vocabulary that is learnt. Default true. */
  readonly lowercase?: boolean;
  /** Default 0. */
  readonly seed?: number;
  /** Threads that compute. Default: those that the run began with, at first all cores. */
  readonly threads?: number;
  readonly observers?: readonly TrainerObserver[];
  readonly progress?: ProgressOption;
  /** Finish the step, save and stop when this is aborted. */
  readonly signal?: AbortSignal;
}

const pretrainTextOptionNames: OptionNames<PretrainTextOptions> = {
  ...textTrainingOptionNames,
  ...textFileOptionNames,
  data: 'required',
  out: 'required',
  tokenizer: 'optional',
  vocabSize: 'optionalNumber',
  lowercase: 'optionalFlag',
  seed: 'optionalNumber',
  threads: 'optionalNumber',
  observers: 'optional',
  progress: 'optional',
  signal: 'optional',
};

/** What {@link pretrainText} returns. */
export interface PretrainTextResult {
  /** Nothing where the run was interrupted: the same call goes on. */
  readonly encoder?: LoadedTextEncoder;
  readonly interrupted: boolean;
  readonly settings: RunConfig;
}

const where = 'pretrainText';

/**
 * Pretrains a BERT of one's own, or an encoder of another family (`model`), on texts without labels, by masked-language
 * modelling or replaced-token detection (`objective`), and writes `encoder.safetensors`, which describes itself, `encoder.onnx`, `transformers/` for Hugging Face, `tokenizer.json`, `config.json` with every choice and
 * why, `log.jsonl`, `checkpoints` and `by-hand.ts`. The same call goes on after a stop; of a finished run it returns the
 * encoder. Some texts are held out, and their loss and accuracy are told after each epoch.
 *
 * @throws InvalidOptionError for options out of range; DataError for texts that are missing, unreadable, not valid in their
 *   encoding, or too few; CheckpointError where `out` holds a run with other texts or settings
 *
 * @example
 * await pretrainText({ data: 'notes', out: 'runs/notes' });
 */
export async function pretrainText(options: PretrainTextOptions): Promise<PretrainTextResult> {
  const given = checkOptions(where, options, pretrainTextOptionNames);
  const { data, out, tokenizer: own, vocabSize, lowercase = true, seed = 0, observers = [] } = given;
  checkPath(where, 'out', out);
  if (typeof data === 'string' && isWithin(data, out))
    throw new InvalidOptionError(
      where,
      'out',
      'outside of the folder of the texts, which its log would be one of',
      out,
    );
  if (own !== undefined && typeof (own as Partial<TextTokenizer>).encode !== 'function')
    throw new InvalidOptionError(where, 'tokenizer', 'a tokeniser, such as await loadTokenizer(path)', own);
  if (own !== undefined && (vocabSize !== undefined || given.lowercase !== undefined))
    throw new InvalidOptionError(
      where,
      'tokenizer',
      'given without vocabSize and lowercase, which it has already',
      own,
    );
  const files = picked(given, textFileOptionNames) as TextFileOptions;
  const source = textSource(where, data, files);
  const chosen = picked(given, textTrainingOptionNames) as TextTrainingOptions;
  const run = await readFolderRun(out, encoderFile);
  // Another machine goes on with the choices of that on which the run began.
  const began = run.settings?.['cores'];
  const cores = typeof began === 'number' ? began : availableParallelism();
  const tell = tellerOf(where, given.progress);
  let lock: FolderLock | undefined;
  // Before a vocabulary of other texts or another size takes the place of that of a run that has begun.
  const check = (known: RunConfig): void => {
    if (run.settings !== undefined) checkFolderRun(run, { ...run.settings, ...known });
  };
  const hooks: PrepareHooks = {
    beforeLearning: async (facts, tokenizer) => {
      const vocabulary = own === undefined ? { tokenizer: 'learnt', lowercase } : { tokenizer: tokenizer! };
      check({
        texts: factsOf(facts),
        ...vocabulary,
        ...(vocabSize === undefined ? {} : { vocabSize }),
        ...chosen,
        seed,
      });
      if (run.state !== 'finished') lock = await lockFolder(out);
    },
    beforeWriting: ({ vocabSize: learnt }) => check({ vocabSize: learnt }),
  };
  let prepared: Prepared | undefined;
  try {
    prepared = await prepareTokens(out, source, { tokenizer: own, vocabSize, lowercase }, hooks, tell);
    const training = chooseTraining(prepared, chosen, cores);
    if (training.unknownShare > 0.01)
      tell(`${(100 * training.unknownShare).toFixed(1)} % of the tokens are unknown to the vocabulary`);
    const reasons = { ...vocabularyReasons(prepared, vocabSize), ...training.reasons, cores: 'where the run began' };
    const settings = settingsOf(prepared, { lowercase, ...training.training, seed, cores });
    checkFolderRun(run, settings);
    if (run.state === 'finished') {
      tell(`the run in ${out} is finished`);
      return { encoder: await loadTextEncoder(out), interrupted: false, settings };
    }
    const { threads, progress, signal } = given;
    const trained = await trainTextEncoder({
      out,
      tokenizer: prepared.tokenizer,
      chosen: { ...training, reasons },
      settings,
      seed,
      threads,
      observers,
      progress,
      signal,
    });
    if (trained === undefined) return { interrupted: true, settings };
    const { encoder } = trained;
    const program = byHandProgram({
      data: typeof data === 'string' ? data : undefined,
      files,
      prepared,
      tokenizerPath: join(out, preparedFiles.tokenizer),
      lowercase,
      config: encoder.encoder.config,
      chosen: training,
      seed,
      threads: trained.threads,
    });
    await writeFiles(out, encoder, program);
    return { encoder, interrupted: false, settings };
  } finally {
    await prepared?.close();
    await lock?.release();
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** One run at a time makes vocabulary and ids. */
async function lockFolder(out: string): Promise<FolderLock> {
  try {
    await makeFolder(out);
  } catch (cause) {
    if (SslError.isInstance(cause)) throw cause;
    throw new DataError(`cannot be made: ${describeFileError(cause)}`, { path: out, cause });
  }
  return FolderLock.acquire(out, { purpose: where });
}

const vocabularyReasons = ({ learnt, facts }: PreparedBy, vocabSize: number | undefined): Record<string, string> => ({
  heldOutEvery: 'one text of so many measures what was learnt; 0 for none',
  ...(learnt === undefined || vocabSize !== undefined
    ? {}
    : { vocabSize: `at most, for ${facts.characters} characters of text` }),
});

const settingsOf = (
  { facts, heldOutEvery, given, learnt, tokenizer }: PreparedBy,
  more: { readonly lowercase: boolean } & RunConfig,
): RunConfig => ({
  texts: factsOf(facts),
  heldOutEvery: heldOutEvery === Infinity ? 0 : heldOutEvery,
  tokenizer: given ?? 'learnt',
  vocabSize: learnt?.vocabSize ?? tokenizer.vocabSize,
  ...more,
  lowercase: given === undefined ? more.lowercase : null,
});

async function writeFiles(out: string, encoder: LoadedTextEncoder, program: string): Promise<void> {
  await encoder.exportOnnx(join(out, 'encoder.onnx'));
  await encoder.exportForTransformers(join(out, 'transformers'));
  await writeWhole(join(out, 'by-hand.ts'), program);
  // Last: it says that the run is finished.
  await encoder.save(join(out, encoderFile));
}

const factsOf = ({ texts, characters, sha256 }: TextFacts): JsonValue => ({ texts, characters, sha256 });

/** The options of one table, without those that were not given. */
function picked(given: object, names: object): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(names, name)));
}

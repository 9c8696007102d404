import { describe, expect, test } from 'vitest';

import { workspaces } from '../../tools/workspaces.js';
import { optionParameters, publicNames } from './option-parameters.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const packages = workspaces('packages');

/** Public names by the file that declares them. */
const declared = new Map<string, Set<string>>();
for (const { folder, manifest } of packages)
  for (const entry of Object.values(manifest.exports ?? {})) {
    const source = typeof entry === 'string' ? undefined : (entry as { readonly 'ssl-source'?: string })['ssl-source'];
    if (source === undefined) continue;
    for (const [name, file] of publicNames(`${folder}/${source.slice(2)}`).files)
      declared.set(file, (declared.get(file) ?? new Set()).add(name));
  }
const sources = repositoryFiles()
  .filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'))
  .map(readRepositoryFile)
  .join('\n');

const parameters = [...declared].flatMap(([file, names]) => optionParameters(file, names));

/** Who hands its options on as they are, to what checks them, or takes an object that is none of options. */
const elsewhere: Readonly<Record<string, string>> = {
  'checkOptions(options)': 'is the check',
  'checkOptions(known)': 'is a table, which the type checks',
  'CheckpointError(where)': 'made by the packages themselves',
  'DataError(where)': 'made by the packages themselves',
  'SslError(options)': 'those of Error',
  'NonFiniteLossError(where)': 'made by the Trainer',
  'DecodeBudget.vacate({})': 'called by the loader',
  'WebDataset({})': 'private constructor behind WebDataset.open',
  'WebDatasetWriter.write({})': 'a sample',
  'Conv2d.normalized(options)': 'narrowConvNorm',
  'batchNorm({})': 'moments, two tensors',
  'bertConfigToJson(config)': 'a whole configuration, which the models have checked',
  'checkVocabulary(tokenizer)': 'a tokeniser',
  'SequenceClassifierEvaluator(options)': 'compile',
  'MaskedLmEvaluator(options)': 'compile',
  'TextForTokenClassification(options)': 'checkHeadOptions',
  'classTargets({})': 'the shape of a batch, given by the loader',
  'tokenTargets({})': 'the shape of a batch, given by the loader',
  'labelTargets({})': 'the shape of a batch, given by the loader',
  'numberTargets({})': 'the shape of a batch, given by the loader',
  'spanTargets({})': 'the shape of a batch, given by the loader',
  'modernBertConfigToJson(config)': 'what modernBertConfig has made',
  'TokenStore.lines(options)': 'StoreLines',
  'TokenStore.blocks(options)': 'StoreBlocks',
  'TokenStore.pairs(options)': 'StorePairs',
  'FeatureExtractor(options)': 'compile',
  'decodeImage(decoding)': 'checkImageDecoding',
  'Trainer(options)': 'planRun',
  'trainingMemory(options)': 'planRun',
  'readDescription({})': 'a record, made by the packages themselves',
  'pretrain(options)': 'checkPretrainOptions',
  'checkFolderRun(settings)': 'settings of a run, whatever they are',
  'usageText(stream)': 'a stream',
  'usesColour(stream)': 'a stream',
  'moduleFile(meta)': 'import.meta',
  'RuntimeError(options)': 'an error, made by the runtime alone',
  'ExportError(options)': 'an error, made by exportOnnx alone',
  'NotEnoughMemoryError(bytes)': 'an error, made by the Trainer alone',
  'LineProgress.update({})': 'called by the Trainer',
  'ClassificationFineTuning.loss({})': 'a batch',
  'BlipTextModel(config)': 'bertConfig',
  'BlipTextDecoder(config)': 'bertConfig',
  'BlipTextDecoder(options)': 'BlipTextModel',
  'Blip.caption(options)': 'captionPictures',
  'WordPieceTokenizer.fromJson(options)': 'readTokenizerJson',
  'WordPieceTokenizer.fromFile(options)': 'readTokenizerFile',
  'WordPieceTokenizer.fromFolder(options)': 'folderTokenizer',
  'ByteLevelBpeTokenizer.fromJson(options)': 'readTokenizerJson',
  'ByteLevelBpeTokenizer.fromFile(options)': 'readTokenizerFile',
  'ByteLevelBpeTokenizer.fromFolder(options)': 'folderTokenizer',
  'UnigramTokenizer.fromJson(options)': 'readTokenizerJson',
  'UnigramTokenizer.fromFile(options)': 'readTokenizerFile',
  'UnigramTokenizer.fromFolder(options)': 'folderTokenizer',
  'ReplacedTokenEvaluator(options)': 'compile',
  'planBatches(options)': 'arrangeBatches',
  'TsdaeDecoder(config)': 'bertConfig',
  'generateIds(normalize)': 'normalizeImages',
  'CapiPredictor.forward(places)': 'two tensors of Capi',
  'keepBest(options)': 'BestCheckpoints',
  'BestCheckpoints.onStart({})': 'called by the Trainer',
  'BestCheckpoints.onStep({})': 'called by the Trainer',
  'BestCheckpoints.onEvaluation({})': 'called by the Trainer',
  'BestCheckpoints.onCheckpoint({})': 'called by the Trainer',
  'MaeDecoder.forward({})': 'two tensors of randomMasking',
  'MaeDecoder3d.forward({})': 'two tensors of randomMasking',
  'resnet3d10(options)': 'sized',
  'resnet3d18(options)': 'sized',
  'resnet3d34(options)': 'sized',
  'resnet3d50(options)': 'sized',
  'vit3dTiny(options)': 'sized',
  'vit3dSmall(options)': 'sized',
  'vit3dBase(options)': 'sized',
  'resnet18(options)': 'variant',
  'resnet34(options)': 'variant',
  'resnet50(options)': 'variant',
  'resnet101(options)': 'variant',
  'wideResnet50(options)': 'variant',
  'wideResnet101(options)': 'variant',
  'vitMicro(options)': 'sized',
  'vitTiny(options)': 'sized',
  'vitSmall(options)': 'sized',
  'vitBase(options)': 'sized',
  'vitLarge(options)': 'sized',
  'vitHuge(options)': 'sized',
  'vitGiant(options)': 'sized',
  'dinoV2Small(options)': 'sized',
  'dinoV2Base(options)': 'sized',
  'dinoV2Large(options)': 'sized',
  'dinoV2Giant(options)': 'sized',
  'convNeXtTiny(options)': 'variant',
  'convNeXtSmall(options)': 'variant',
  'swinTiny(options)': 'variant',
  'swinSmall(options)': 'variant',
  'swinBase(options)': 'variant',
  'efficientNetB0(options)': 'scaled',
  'efficientNetB1(options)': 'scaled',
  'efficientNetB2(options)': 'scaled',
  'efficientNetB3(options)': 'scaled',
};

/** Types that are other types under a name of their own, and what ends like the name of one and is none. */
const noTables = [
  'BertTokenOptions',
  'KnownOptions',
  'DataLoaderOptions',
  'VolumeLoaderOptions',
  'MsnOptions',
  'WhiteningStatistics',
];

describe('options', () => {
  test('the walk finds functions, classes, static methods and constants', () => {
    const owners = parameters.map(({ owner }) => owner);
    expect(owners).toEqual(
      expect.arrayContaining(['ntXent', 'SimClr', 'ImageFolderDataset.open', 'resnet18', 'compile']),
    );
    expect(owners.length).toBeGreaterThan(250);
  });

  test('are checked by every public function that takes any', () => {
    const silent = parameters
      .filter(({ owner, parameter, body }) => {
        const isChecked = new RegExp(
          String.raw`\bcheck\w*(?:Options|Statistics|Decoding)\(\s*(?:'[\w.]+'|where|\w+),?\s*(?:'\w+',\s*)?${parameter}\b`,
        ).test(body);
        return !isChecked && elsewhere[`${owner}(${parameter})`] === undefined;
      })
      .map(({ owner, parameter, type, file }) => `${owner}(${parameter}): ${type} in ${file}`);
    expect(silent).toEqual([]);
  });

  test('that are undefined hide no default: what is spread over defaults has been checked', () => {
    expect(sources.match(/\.\.\.\w*(?:Defaults|Base|Masking),\s*\.\.\.options\b[^(]/g)).toBeNull();
  });

  test('exceptions are none of what is checked or gone', () => {
    const known = new Set(parameters.map(({ owner, parameter }) => `${owner}(${parameter})`));
    expect(Object.keys(elsewhere).filter((name) => !known.has(name))).toEqual([]);
  });

  test('of every public type have a table of their names', () => {
    const types = [...declared.values()].flatMap((names) =>
      [...names].filter((name) => /^[A-Z]\w*(?:Options|Statistics|Decoding)$/.test(name)),
    );
    expect(types.length).toBeGreaterThan(150);
    const missing = types
      .filter((name) => !noTables.includes(name))
      .filter((name) => !new RegExp(String.raw`\bOptionNames<${name}\b`).test(sources));
    expect(missing).toEqual([]);
  });
});

import type { ChosenTraining } from './choose-training.js';
import type { PreparedBy } from './prepare-tokens.js';
import { classPrefixOf, configNameOf, type TextModelType, writtenConfig } from './text-architecture.js';
import { generatorConfig } from './text-learning.js';
import type { TextFileOptions } from './text-source.js';

/** What a run by hand needs to know. */
export interface ByHand {
  /** Path of the texts, where they have one. */
  readonly data: string | undefined;
  readonly files: TextFileOptions;
  readonly prepared: Pick<PreparedBy, 'heldOutEvery' | 'learnt'>;
  /** Where a tokeniser that was given lies. */
  readonly tokenizerPath: string;
  readonly lowercase: boolean;
  /** Of the encoder. */
  readonly config: object;
  readonly chosen: Pick<ChosenTraining, 'training' | 'stepsPerEpoch'>;
  readonly seed: number;
  readonly threads: number;
}

/** Numbers, truth and plain words as a program has them. */
const code = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll('"', "'")
    .replaceAll(/'(\w+)':/g, '$1: ')
    .replaceAll(/,(?=\S)/g, ', ')
    .replaceAll(/^\{(.+)\}$/g, '{ $1 }');
const quoted = (text: string): string => JSON.stringify(text);

/** The model of a run as a program has it: what to import, how it is made, and what is saved of it. */
interface WrittenModel {
  readonly imports: readonly string[];
  readonly lines: readonly string[];
  readonly state: string;
}

function writtenModel(
  type: TextModelType,
  objective: ChosenTraining['training']['objective'],
  config: object,
): WrittenModel {
  const prefix = classPrefixOf(type);
  const written = (of: object): string => writtenConfig(type, of, code);
  if (objective === 'masked-language-modelling')
    return {
      imports: [`${prefix}ForMaskedLM`, configNameOf(type), 'MaskedLanguageModelling'],
      lines: [
        `const config = ${written(config)};`,
        `const model = new ${prefix}ForMaskedLM(config, { key: foldIn(key, 'model') });`,
        'const method = new MaskedLanguageModelling(model);',
      ],
      state: 'model.stateDict()',
    };
  return {
    imports: [
      `${prefix}ForMaskedLM`,
      `${prefix}Model`,
      configNameOf(type),
      'ReplacedTokenDetection',
      'TextForTokenDetection',
    ],
    lines: [
      `const config = ${written(config)};`,
      `const generator = new ${prefix}ForMaskedLM(${written(generatorConfig(config))}, { key: foldIn(key, 'generator') });`,
      `const encoder = new ${prefix}Model(config, { key: foldIn(key, 'model') });`,
      "const model = new TextForTokenDetection(encoder, { key: foldIn(key, 'head') });",
      "const method = new ReplacedTokenDetection(generator, model, { sharing: 'gradient-disentangled' });",
    ],
    state: 'method.discriminatorState()',
  };
}

/** Without the headers of requests, which may hold a password. */
const readingOptions = (files: TextFileOptions): string =>
  JSON.stringify(files, (name, value: unknown) => (name === 'headers' ? undefined : value));

/** A program that trains the same model by public parts, without what `pretrainText` does around it. */
export function byHandProgram(run: ByHand): string {
  const { heldOutEvery, learnt } = run.prepared;
  const { training, stepsPerEpoch } = run.chosen;
  const { batchSize, maxLength, bucketLengths, maskProbability, epochs, learningRate, weightDecay, sequences } =
    training;
  const model = writtenModel(training.model, training.objective, run.config);
  const dataset =
    sequences === 'blocks'
      ? `blocks({ length: ${maxLength} })`
      : `lines({ maxLength: ${maxLength}, longTexts: 'split' })`;
  const imports = [
    ...model.imports,
    'buildTokenStore',
    'MlmLoader',
    learnt === undefined ? 'loadTokenizer' : 'trainWordPiece',
  ];
  const readData =
    run.data === undefined
      ? 'const texts: string[] = []; // Put the texts here that pretrainText was given, without blank ones.'
      : `const texts: string[] = [];\nawait readTexts(${quoted(run.data)}, ${readingOptions(run.files)}, (text) => texts.push(text));`;
  const trained =
    heldOutEvery === Infinity
      ? 'const training = texts;'
      : `const training = texts.filter((_, index) => index % ${heldOutEvery} !== ${heldOutEvery - 1}); // The others are held out.`;
  const tokenizer =
    learnt === undefined
      ? `await loadTokenizer(${quoted(run.tokenizerPath)})`
      : `await trainWordPiece({ lines: training, vocabSize: ${learnt.vocabSize}, alphabetLimit: ${learnt.alphabetLimit}, lowercase: ${run.lowercase} })`;
  return `// The training of pretrainText written out: the same numbers, and so the same weights, byte for byte.
// On another kind of machine the last digits differ. Run it where pretrainText was run: node --import tsx by-hand.ts [folder]
import { mkdir } from 'node:fs/promises';
${run.data === undefined ? '' : "import { readTexts } from '@selfsup/ssl-data/text';\n"}import { saveSafetensors } from '@selfsup/ssl-nn';
import { fetched, foldIn, randomKey } from '@selfsup/ssl-tensor';
import { ${imports.toSorted().join(', ')} } from '@selfsup/ssl-text-mlm';
import { AdamW, decayEverything, oneCycle, Trainer } from '@selfsup/ssl-train';

const out = process.argv[2] ?? 'by-hand';
${readData}
${trained}
const tokenizer = ${tokenizer};
const store = await buildTokenStore({ path: \`\${out}/tokens\`, data: training, tokenizer });
const key = randomKey(${run.seed});
${model.lines.join('\n')}
const loader = new MlmLoader({
  dataset: store.${dataset},
  tokenizer,
  batchSize: ${batchSize},
  key: foldIn(key, 'batches'),
  bucketLengths: ${code(bucketLengths)},${sequences === 'packed' ? '\n  packing: true,' : ''}
  masking: { maskProbability: ${maskProbability} },
  unmaskable: 'skip',
});
const optimizer = new AdamW([{ parameters: method.trainable() }], {
  weightDecay: ${weightDecay},
  betas: [0.9, 0.98],
  decayFilter: decayEverything,
});
const schedule = oneCycle({ max: ${learningRate}, totalSteps: ${epochs * stepsPerEpoch}, riseFraction: 0.1 });
const checkpoint = { dir: \`\${out}/checkpoints\` };
const trainer = new Trainer({ method, loader, optimizer, schedule, epochs: ${epochs}, seed: ${run.seed}, threads: ${run.threads}, checkpoint, logFile: \`\${out}/log.jsonl\` });
const { interrupted } = await trainer.fit();
if (interrupted) process.exit();
await fetched();
await mkdir(out, { recursive: true });
// Equal to transformers/model.safetensors of the run.
await saveSafetensors(\`\${out}/model.safetensors\`, ${model.state}, { format: 'pt' });
`;
}

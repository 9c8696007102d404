import { bertBase, type BertConfig } from '../bert/bert-config.js';
import type { ChosenTraining } from './choose-training.js';
import type { PreparedBy } from './prepare-tokens.js';
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
  readonly config: BertConfig;
  readonly chosen: Pick<ChosenTraining, 'training' | 'stepsPerEpoch'>;
  readonly seed: number;
  readonly threads: number;
}

/** What differs from BERT-base, whose values `bertConfig` fills in. */
const differing = (config: BertConfig): object =>
  Object.fromEntries(Object.entries(config).filter(([name, value]) => bertBase[name as keyof BertConfig] !== value));

/** Numbers, truth and plain words as a program has them. */
const code = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll('"', "'")
    .replaceAll(/'(\w+)':/g, '$1: ')
    .replaceAll(/,(?=\S)/g, ', ')
    .replaceAll(/^\{(.+)\}$/g, '{ $1 }');
const quoted = (text: string): string => JSON.stringify(text);

/** Without the headers of requests, which may hold a password. */
const readingOptions = (files: TextFileOptions): string =>
  JSON.stringify(files, (name, value: unknown) => (name === 'headers' ? undefined : value));

/** A program that trains the same model by public parts, without what `pretrainText` does around it. */
export function byHandProgram(run: ByHand): string {
  const { heldOutEvery, learnt } = run.prepared;
  const { training, stepsPerEpoch } = run.chosen;
  const { batchSize, maxLength, bucketLengths, maskProbability, epochs, learningRate, weightDecay } = training;
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
import { BertForMaskedLM, bertConfig, MaskedLanguageModelling, MlmLoader, TokenDataset, ${learnt === undefined ? 'loadTokenizer' : 'trainWordPiece'} } from '@selfsup/ssl-text-mlm';
import { AdamW, decayEverything, oneCycle, Trainer } from '@selfsup/ssl-train';

const out = process.argv[2] ?? 'by-hand';
${readData}
${trained}
const tokenizer = ${tokenizer};
const dataset = TokenDataset.fromTexts(tokenizer, training, { maxLength: ${maxLength}, longTexts: 'split' });
const key = randomKey(${run.seed});
const config = bertConfig(${code(differing(run.config))});
const model = new BertForMaskedLM(config, { key: foldIn(key, 'model') });
const method = new MaskedLanguageModelling(model);
const loader = new MlmLoader({
  dataset,
  tokenizer,
  batchSize: ${batchSize},
  key: foldIn(key, 'batches'),
  bucketLengths: ${code(bucketLengths)},
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
await saveSafetensors(\`\${out}/model.safetensors\`, model.stateDict(), { format: 'pt' });
`;
}

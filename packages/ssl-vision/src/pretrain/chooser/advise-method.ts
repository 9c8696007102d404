import { availableParallelism } from 'node:os';
import { chooseSettings, type PretrainSettings } from '../choose-settings.js';
import { chooseArchitecture } from '../encoder-architecture.js';
import { type MethodName, recipeOf } from '../recipes/recipes.js';
import { encoderName } from './encoder-name.js';
import { epochSeconds, type Estimate, trainingBytes } from './estimates.js';
import { measuredQuality } from './measured-quality.js';
import type { MeasuredTable, MethodAdvice, MethodReason } from './method-advice.js';
import { methodTraits } from './method-traits.js';
import type { TaskFacts } from './task-facts.js';

/** Points of what was not measured: less than of most that was; of what the method is made for, and of what it is not. */
const points = { unmeasured: 30, madeFor: 40, poorFor: -20, classes: 50, tooLarge: -60 } as const;
/** Steps from which a run is as long as a paper's. */
const longRun = 20_000;
/** SimCLR's passes of the encoder for a picture. */
const usualPasses = 6;
/** Fewer pictures are too few to compare with one another. */
const fewest = 8;

/** What `pretrain` would choose. */
export function usualSettings(
  method: MethodName,
  { images: count, imageSize: side, channels = 3, backbone, cores = availableParallelism(), ...facts }: TaskFacts,
  batchSize = facts.batchSize,
): PretrainSettings {
  const middle = Array<number>(channels).fill(0.5);
  const pictures = { count, channels, side, normalize: { mean: middle, std: middle } };
  const own = { ...(backbone === undefined ? {} : { backbone }), ...(batchSize === undefined ? {} : { batchSize }) };
  return chooseSettings({ data: '', out: '', method, ...own }, pictures, undefined, cores).settings;
}

/** What is to be said of a method that can be. */
export function adviseMethod(method: MethodName, facts: TaskFacts, { rows, sets }: MeasuredTable): MethodAdvice {
  const { images, channels = 3, memory, minutes, backbone } = facts;
  const { passes } = recipeOf(method);
  const traits = methodTraits[method];
  const usual = usualSettings(method, facts);
  const { imageSize } = usual;
  const encoder = encoderName(chooseArchitecture(usual.backbone, method, imageSize, channels));
  const run = { method, encoder, imageSize, images };
  const bytesOf = (batchSize: number): Estimate | undefined => trainingBytes({ ...run, batchSize }, rows, sets);

  const fitted = fitBatch(usual.batchSize, memory, bytesOf);
  const { batchSize } = fitted;
  // Fewer pictures a batch are more steps an epoch, and `pretrain` chooses epochs by steps.
  const settings = batchSize === usual.batchSize ? usual : usualSettings(method, facts, batchSize);
  const epoch = epochSeconds(run, rows, sets);
  const affordable = minutes === undefined || epoch === undefined ? Infinity : Math.floor((60 * minutes) / epoch.value);
  const epochs = Math.max(1, Math.min(settings.epochs, affordable));
  const steps = epochs * Math.max(1, Math.floor(images / batchSize));

  const reasons = [...worth(method, facts, encoder, { rows, sets }), ...fitted.reasons];
  const say = (basis: MethodReason['basis'], value: number, text: string): void =>
    void reasons.push({ text, basis, points: Math.round(value) });
  if (batchSize < traits.batch)
    say('facts', -10 * Math.log2(traits.batch / batchSize), `batches of ${batchSize} are small: ${traits.batchWhy}`);
  if (affordable < settings.epochs)
    say(
      epoch!.basis,
      Math.max(-80, -20 * Math.log2(settings.epochs / Math.max(0.1, affordable))),
      `${affordable} of ${settings.epochs} epochs fit into the time on ${threadsText(epoch!.threads)} as in the table`,
    );
  if (minutes !== undefined && epoch === undefined)
    say('facts', 2 * (usualPasses - passes), `time with ${usual.backbone} is not measured; ${passesText(passes)}`);
  if (minutes === undefined && passes !== usualPasses) say('facts', usualPasses - passes, passesText(passes));
  if (traits.longRuns !== undefined && steps < longRun)
    say('facts', -5 * Math.min(3, Math.log2(longRun / steps)), `${steps} steps are few: ${traits.longRuns}`);

  const bytes = bytesOf(batchSize);
  return {
    method,
    score: reasons.reduce((sum, reason) => sum + reason.points, 0),
    reasons,
    options: {
      method,
      ...(backbone === undefined ? {} : { backbone }),
      ...(facts.batchSize === undefined && batchSize === usual.batchSize ? {} : { batchSize }),
      ...(epochs === settings.epochs ? {} : { epochs }),
    },
    ...(epoch === undefined ? {} : { minutes: (epoch.value * epochs) / 60 }),
    ...(bytes === undefined ? {} : { memory: bytes.value }),
  };
}

/** What its features are worth for the goal. */
function worth(
  method: MethodName,
  { goal = 'classification', channels = 3, labels, backbone }: TaskFacts,
  encoder: string,
  { rows, sets }: MeasuredTable,
): MethodReason[] {
  const { is, madeFor, poorFor } = methodTraits[method];
  const lookup = { method, goal, channels, ...(labels === undefined ? {} : { labels }) };
  const quality = measuredQuality({ ...lookup, ...(backbone === undefined ? {} : { encoder }) }, rows, sets);
  const facts = (value: number, text: string): MethodReason => ({ basis: 'facts', points: value, text });
  const on = backbone === undefined ? '' : ` with ${backbone}`;
  // Figures are those of whole pictures and frozen features.
  const [weight, said] = goal === 'dense' || goal === 'fine-tuning' ? [0.5, `, not for ${goal}`] : [1, ''];
  return [
    quality === undefined
      ? facts(weight * points.unmeasured, `${is}: not measured here${on}`)
      : {
          basis: 'measured',
          points: Math.round(100 * weight * quality.share),
          text: `${is}, ${quality.text}${said}`,
        },
    ...(madeFor?.[goal] === undefined ? [] : [facts(points.madeFor, `made for it: ${madeFor[goal]}`)]),
    ...(quality !== undefined || poorFor?.[goal] === undefined ? [] : [facts(points.poorFor, poorFor[goal])]),
    ...(recipeOf(method).classes === true ? [facts(points.classes, 'alone learns from the classes')] : []),
  ];
}

/** A batch that the memory has room for. */
function fitBatch(
  usual: number,
  memory: number | undefined,
  bytesOf: (batchSize: number) => Estimate | undefined,
): { readonly batchSize: number; readonly reasons: readonly MethodReason[] } {
  const whole = bytesOf(usual);
  if (memory === undefined) return { batchSize: usual, reasons: [] };
  if (whole === undefined) {
    const text = 'its memory is not measured: pretrain halves a batch until it fits';
    return { batchSize: usual, reasons: [{ basis: 'facts', points: 0, text }] };
  }
  let batchSize = usual;
  while (bytesOf(batchSize)!.value > memory && batchSize > fewest)
    batchSize = Math.max(fewest, Math.floor(batchSize / 2));
  const bytes = bytesOf(batchSize)!.value;
  if (bytes <= memory && batchSize === usual) return { batchSize, reasons: [] };
  const text = `batches of ${batchSize} take about ${gigabytes(bytes)} GB, of ${usual} ${gigabytes(whole.value)}`;
  return { batchSize, reasons: [{ basis: whole.basis, points: bytes > memory ? points.tooLarge : 0, text }] };
}

const threadsText = (threads: number): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
const passesText = (passes: number): string =>
  `${passes} passes of the encoder for a picture to SimCLR's ${usualPasses}`;

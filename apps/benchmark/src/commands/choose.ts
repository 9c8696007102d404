import { defineCommand } from 'citty';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { chooseMethod, type TaskFacts } from '@selfsup/ssl-vision';
import { choiceText } from './choice-text.js';

const where = 'ssl-benchmark choose';
/** Methods that are shown. */
const shown = 5;

/** `ssl-benchmark choose`: methods of `pretrain` for some pictures, the best first, with why, on standard output. */
export const choose = defineCommand({
  meta: { name: 'choose', description: 'Say which method suits your pictures, batch, memory and time' },
  args: {
    images: { type: 'string', valueHint: 'n', description: 'Pictures to pretrain on (must be given)' },
    size: { type: 'string', valueHint: 'pixels', description: 'Their shorter side (must be given)' },
    channels: { type: 'string', valueHint: 'n', description: 'Their channels (default: 3)' },
    batch: { type: 'string', valueHint: 'n', description: 'Pictures a batch (default: as pretrain chooses)' },
    minutes: { type: 'string', valueHint: 'n', description: 'Time that training may take' },
    memory: { type: 'string', valueHint: 'GB', description: 'Memory that training may take' },
    labels: { type: 'string', valueHint: 'n', description: 'Pictures with a class (default: 0)' },
    backbone: { type: 'string', valueHint: 'name', description: 'Encoder (default: as pretrain chooses)' },
    goal: {
      type: 'string',
      valueHint: 'name',
      description: 'classification, retrieval, dense or fine-tuning (default: classification)',
    },
    cores: { type: 'string', valueHint: 'n', description: "Cores that train (default: this machine's)" },
    top: { type: 'string', valueHint: 'n', description: `Methods to show (default: ${shown})` },
    json: { type: 'boolean', description: 'Print all methods as JSON' },
    help: { type: 'boolean', alias: 'h', description: 'Show this help' },
  },
  run({ args }) {
    const required = (option: 'images' | 'size'): number => {
      if (args[option] === undefined)
        throw new InvalidOptionError(where, `--${option}`, 'given', 'nothing', 'Such as --images 5000 --size 32');
      return numberOf(option, args[option]);
    };
    const given = Object.fromEntries(
      (['channels', 'minutes', 'labels', 'cores'] as const).flatMap((option) =>
        args[option] === undefined ? [] : [[option, numberOf(option, args[option])]],
      ),
    );
    const top = args.top === undefined ? shown : numberOf('top', args.top);
    const choice = chooseMethod({
      images: required('images'),
      imageSize: required('size'),
      ...given,
      ...(args.batch === undefined ? {} : { batchSize: numberOf('batch', args.batch) }),
      ...(args.memory === undefined ? {} : { memory: 1e9 * numberOf('memory', args.memory) }),
      ...(args.backbone === undefined ? {} : { backbone: args.backbone as NonNullable<TaskFacts['backbone']> }),
      ...(args.goal === undefined ? {} : { goal: args.goal as NonNullable<TaskFacts['goal']> }),
    });
    process.stdout.write(args.json === true ? `${JSON.stringify(choice, null, 2)}\n` : choiceText(choice, top));
  },
});

/** @throws InvalidOptionError for what is no number above 0, `--labels` may be 0; ranges are checked by what takes them */
function numberOf(option: string, value: string): number {
  const number = Number(value);
  if (!/^\d+(?:\.\d+)?$/.test(value) || !(number > 0 || option === 'labels'))
    throw new InvalidOptionError(where, `--${option}`, 'a number', value);
  return number;
}

import { defineCommand } from 'citty';
import { InvalidOptionError, printable } from '@selfsup/ssl-core';
import { leftOutText } from '../dataset/left-out.js';
import { openSource } from '../source/open-source.js';
import { checkOutside } from './check-outside.js';
import type { CommandStreams } from './command-streams.js';
import { Interruption } from './interruption.js';
import { jsonText } from './json-text.js';
import type { PackTarget, PackTargetOptions } from './pack-target.js';
import { packTargets } from './pack-targets.js';
import { oneOf, sourceArguments, sourceOptions } from './source-arguments.js';
import { byteText, startProgress } from './work-progress.js';

const where = 'ssl-data pack';

/** `ssl-data pack <source> <out> --to <format>`. */
export function packCommand({ stdout, stderr }: CommandStreams) {
  return defineCommand({
    meta: { name: 'pack', description: 'Pack a source of images into files that are read fast' },
    args: {
      ...sourceArguments,
      out: { type: 'positional', required: true, description: 'Where to write' },
      to: {
        type: 'string',
        valueHint: 'format',
        default: 'webdataset',
        description: Object.keys(packTargets).join(' or '),
      },
      'max-samples': { type: 'string', valueHint: 'n', description: 'Samples per shard at most (default: 10000)' },
      'max-bytes': {
        type: 'string',
        valueHint: 'n',
        description: 'Bytes per shard at most, such as 256M (default: 1G)',
      },
      pattern: { type: 'string', valueHint: 'name', description: 'Names of the shards (default: %06d.tar)' },
      format: {
        type: 'string',
        valueHint: 'name',
        description: 'png, jpeg or webp, for images that are not files already (default: png)',
      },
      quality: { type: 'string', valueHint: 'n', description: 'Of jpeg and webp, 1 to 100 (default: 90)' },
      overwrite: { type: 'boolean', description: 'Replace what is there' },
      quiet: { type: 'boolean', alias: 'q', description: 'Show errors only' },
      json: { type: 'boolean', description: 'Print what was written as JSON, not as a list of files' },
      help: { type: 'boolean', alias: 'h', description: 'Show this help' },
    },
    async run({ args }): Promise<number> {
      const target = targetOf(args.to, args);
      const options = packOptions(args);
      await checkOutside(where, args.source, args.out);
      const opened = await openSource(args.source, { ...sourceOptions(where, args), content: 'images' });
      const shown = args.quiet === true ? undefined : stderr;
      const interruption = new Interruption(`Stopped; nothing was written to ${printable(args.out)}.`, stderr);
      const progress = startProgress('Packing', opened.dataset.length, shown);
      try {
        const { samples, bytes, files } = await target
          .pack(opened.dataset, args.out, {
            ...options,
            overwrite: args.overwrite === true,
            onWait: (note) => void shown?.write(note),
            onProgress: ({ samples, bytes }) => {
              progress.update(samples, bytes);
              interruption.check();
            },
          })
          .finally(() => progress.stop());
        if (opened.leftOut.length > 0)
          shown?.write(`Left out ${printable(leftOutText(opened.leftOut))}; ssl-data inspect names them\n`);
        shown?.write(`Packed ${samples} samples, ${byteText(bytes)}, into ${printable(args.out)}\n`);
        stdout.write(args.json === true ? `${jsonText({ samples, bytes, files })}\n` : lines(files.map(printable)));
        return 0;
      } finally {
        interruption.close();
        await opened.close();
      }
    },
  });
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

interface PackArguments {
  readonly 'max-samples'?: string | undefined;
  readonly 'max-bytes'?: string | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly quality?: string | undefined;
}

function targetOf(name: string, args: PackArguments): PackTarget {
  const target = packTargets[oneOf(where, '--to', Object.keys(packTargets), name)]!;
  for (const option of ['max-samples', 'max-bytes', 'pattern', 'format', 'quality'] as const)
    if (args[option] !== undefined && !target.options.includes(option))
      throw new InvalidOptionError(where, `--${option}`, `absent with --to ${name}`, args[option]);
  return target;
}

function packOptions(args: PackArguments): Omit<PackTargetOptions, 'overwrite' | 'onProgress' | 'onWait'> {
  const { 'max-samples': maxSamples, 'max-bytes': maxBytes, pattern, format, quality } = args;
  if (quality !== undefined && format === undefined)
    throw new InvalidOptionError(where, '--quality', 'given with --format jpeg or webp', quality);
  return {
    ...(maxSamples === undefined ? {} : { maxSamples: wholeNumber('--max-samples', maxSamples) }),
    ...(maxBytes === undefined ? {} : { maxBytes: byteCount('--max-bytes', maxBytes) }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(format === undefined
      ? {}
      : {
          encode: {
            format: oneOf(where, '--format', ['png', 'jpeg', 'webp'] as const, format),
            ...(quality === undefined ? {} : { quality: wholeNumber('--quality', quality) }),
          },
        }),
  };
}

function wholeNumber(option: string, value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidOptionError(where, option, 'an integer of at least 1', value);
  return Number(value);
}

/** Bytes, with K, M or G for powers of 1024. */
function byteCount(option: string, value: string): number {
  const parts = /^([1-9]\d{0,11})([KMG]?)$/i.exec(value);
  if (parts === null)
    throw new InvalidOptionError(where, option, 'a number of bytes, with K, M or G for powers of 1024', value);
  return Number(parts[1]) * 1024 ** ['', 'K', 'M', 'G'].indexOf(parts[2]!.toUpperCase());
}

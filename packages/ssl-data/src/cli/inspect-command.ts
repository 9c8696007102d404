import { defineCommand } from 'citty';
import { InvalidOptionError, printable } from '@selfsup/ssl-core';
import { defaultBackground } from '../image/backdrop.js';
import type { ImageDecoding } from '../image/image-decoding.js';
import { openSource } from '../source/open-source.js';
import type { CommandStreams } from './command-streams.js';
import { contactSheet } from './contact-sheet.js';
import { inspectSource } from './inspection.js';
import { inspectionText } from './inspection-text.js';
import { jsonText } from './json-text.js';
import { sourceArguments, sourceOptions } from './source-arguments.js';
import { startProgress } from './work-progress.js';

const where = 'ssl-data inspect';

/** `ssl-data inspect <source>`. */
export function inspectCommand({ stdout, stderr }: CommandStreams) {
  return defineCommand({
    meta: { name: 'inspect', description: 'Say what a source is; count, sample and check it, draw a contact sheet' },
    args: {
      ...sourceArguments,
      check: {
        type: 'string',
        valueHint: '[n]',
        description: 'Decode all samples, or n of them, and list the broken ones; exit status 1 if there are any',
      },
      background: {
        type: 'string',
        valueHint: 'colour',
        description:
          'Below transparent pixels: white, black, three levels such as 200,30,90, or drop (not blended); default: white',
      },
      sheet: { type: 'string', valueHint: 'file', description: 'Draw 64 samples into a PNG file' },
      json: { type: 'boolean', description: 'Print what was found as JSON' },
      help: { type: 'boolean', alias: 'h', description: 'Show this help' },
    },
    async run({ args }): Promise<number> {
      const background = args.background === undefined ? defaultBackground : colourOf(args.background);
      const opened = await openSource(args.source, { ...sourceOptions(where, args), decoding: { background } });
      try {
        const check = args.check === undefined ? undefined : checkCount(args.check, opened.dataset.length);
        const progress = startProgress('Checking', check ?? 0, check === undefined ? undefined : stderr);
        let inspection;
        try {
          inspection = await inspectSource(args.source, opened, background, check, (done) => progress.update(done));
        } finally {
          progress.stop();
        }
        stdout.write(`${args.json === true ? jsonText(inspection) : inspectionText(inspection)}\n`);
        if (args.sheet !== undefined) {
          const { height, width } = await contactSheet(opened, args.sheet);
          stderr.write(`Contact sheet: ${printable(args.sheet)} (${width} x ${height})\n`);
        }
        const broken = inspection.check?.broken ?? 0;
        if (broken > 0) stderr.write(`ssl-data: ${broken} of ${inspection.check?.read} samples cannot be read\n`);
        return broken > 0 ? 1 : 0;
      } finally {
        await opened.close();
      }
    },
  });
}

function colourOf(text: string): NonNullable<ImageDecoding['background']> {
  if (text === 'white' || text === 'black' || text === 'drop') return text;
  const levels = text.split(',').map((level) => (/^\s*\d{1,3}\s*$/.test(level) ? Number(level) : 256));
  const [red, green, blue] = levels;
  if (levels.length !== 3 || levels.some((level) => level > 255))
    throw new InvalidOptionError(where, '--background', 'white, black, drop or three levels such as 200,30,90', text);
  return [red!, green!, blue!];
}

function checkCount(value: string, samples: number): number {
  if (value === '') return samples;
  if (!/^[1-9]\d{0,14}$/.test(value))
    throw new InvalidOptionError(where, '--check', 'without a number, or followed by one of at least 1', value);
  return Math.min(Number(value), samples);
}

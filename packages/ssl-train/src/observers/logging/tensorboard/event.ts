import { ProtoMessage } from './proto-message.js';
import { encodeHistogram, type Histogram } from './histogram.js';
import type { PngSize } from './png-size.js';

// `tensorflow/core/util/event.proto` and `tensorflow/core/framework/summary.proto`.

/** What an event file is of, its first event. */
const fileVersion = 'brain.Event:2';
const sessionStart = 1;
const stringType = 7;

const event = (step: number): ProtoMessage => new ProtoMessage().double(1, Date.now() / 1000).int(2, step);

const summaryEvent = (step: number, values: readonly ProtoMessage[]): Buffer => {
  const summary = new ProtoMessage();
  for (const value of values) summary.message(1, value);
  return event(step).message(5, summary).encoded();
};

const value = (tag: string): ProtoMessage => new ProtoMessage().string(1, tag);

export const versionEvent = (): Buffer => event(0).string(3, fileVersion).encoded();

/** The program starts (again): readers drop what they have of this step and of later ones. */
export const startEvent = (step: number): Buffer =>
  event(step).message(7, new ProtoMessage().int(1, sessionStart)).encoded();

export const scalarsEvent = (step: number, values: Readonly<Record<string, number>>): Buffer =>
  summaryEvent(
    step,
    Object.entries(values).map(([tag, number]) => value(tag).float(2, number)),
  );

export const histogramEvent = (step: number, tag: string, histogram: Histogram): Buffer =>
  summaryEvent(step, [value(tag).message(5, encodeHistogram(histogram))]);

export const imageEvent = (step: number, tag: string, png: Uint8Array, { height, width, channels }: PngSize): Buffer =>
  summaryEvent(step, [
    value(tag).message(4, new ProtoMessage().int(1, height).int(2, width).int(3, channels).bytes(4, png)),
  ]);

/** Markdown. */
export function textEvent(step: number, tag: string, text: string): Buffer {
  const metadata = new ProtoMessage().message(1, new ProtoMessage().string(1, 'text'));
  // Of no dimensions: a list is shown as a table.
  const tensor = new ProtoMessage().int(1, stringType).message(2, new ProtoMessage()).string(8, text);
  return summaryEvent(step, [value(tag).message(8, tensor).message(9, metadata)]);
}

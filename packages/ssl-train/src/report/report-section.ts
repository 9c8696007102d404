import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { pngSize } from '../observers/logging/tensorboard/png-size.js';
import { html, Html } from './html.js';

/** A part of a report: a heading, text with an empty line between paragraphs, a picture. Text is shown as it is. */
export interface ReportSection {
  readonly title: string;
  readonly text?: string;
  /** Bytes of a PNG file. */
  readonly png?: Uint8Array;
  /** There is none: what is not escaped could run. */
  readonly html?: never;
}

const where = 'runReport';

/** @throws InvalidOptionError for what is no list of sections, and for HTML */
export function renderSections(given: unknown): Html[] {
  if (!Array.isArray(given))
    throw new InvalidOptionError(
      where,
      'sections()',
      'a list of sections, or a promise of one',
      given,
      'Write [{ title, text, png }]',
    );
  return given.map((section: unknown, index) => renderSection(section, `sections()[${index}]`));
}

function renderSection(given: unknown, option: string): Html {
  if (typeof given !== 'object' || given === null || typeof (given as Partial<ReportSection>).title !== 'string')
    throw new InvalidOptionError(where, option, 'a section with a title', given);
  const { title, text, png, ...others } = given as ReportSection;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined)
    throw new InvalidOptionError(where, `${option}.${unknown}`, 'left out: a section has title, text and png', 'given');
  if (text !== undefined && typeof text !== 'string')
    throw new InvalidOptionError(where, `${option}.text`, 'text', text);
  return html`<section><h2>${title}</h2>
${(text ?? '').split(/\n{2,}/).map((paragraph) => paragraph.trim() !== '' && html`<p>${paragraph}</p>`)}
${png !== undefined && picture(title, png, option)}</section>`;
}

function picture(title: string, png: Uint8Array, option: string): Html {
  const { width, height } = pngSize(`${where}: ${option}`, png);
  const data = Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64');
  return html`<figure><img src="data:image/png;base64,${new Html(data)}" alt="${title}" width="${width}" height="${height}"></figure>`;
}

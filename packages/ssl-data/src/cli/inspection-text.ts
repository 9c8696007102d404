import { otherImageEndings } from '../image/image-format.js';
import type { Inspection } from './inspection.js';
import { printable } from '@selfsup/ssl-core';

const maxClasses = 200;

/** An inspection as lines for people. */
export function inspectionText(inspection: Inspection): string {
  const { source, kind, content, samples, classes, classesUnknown, leftOut, jpegDecoder, transparent, sizes, check } =
    inspection;
  const axes = Object.entries(sizes.axes).map(
    ([axis, [low, high]]) => `${axis} ${low === high ? low : `${low} to ${high}`}`,
  );
  const lines = [
    `source   ${source}`,
    `kind     ${kind} (${content})`,
    `samples  ${samples}`,
    `classes  ${classes?.length ?? (classesUnknown === undefined ? 'none' : `not counted: ${classesUnknown}`)}`,
  ];
  const shown = (classes ?? []).slice(0, maxClasses);
  const width = Math.max(0, ...shown.map(({ label }) => String(label).length));
  const nameWidth = Math.max(0, ...shown.map(({ name }) => name?.length ?? 0));
  for (const { label, name = '', samples } of shown)
    lines.push(`         ${`${String(label).padStart(width)}  ${name.padEnd(nameWidth)}`.trimEnd()}  ${samples}`);
  if (classes !== undefined && classes.length > maxClasses)
    lines.push(`         and ${classes.length - maxClasses} more; --json lists all`);
  for (const [index, { kind, count, names }] of (leftOut ?? []).entries())
    lines.push(
      `${index === 0 ? 'left out' : '        '} ${count} ${kind}${otherImageEndings.includes(kind.slice(1)) ? ' (pictures that are not read)' : ''}: ${names.join(', ')}${count > names.length ? ', ...' : ''}`,
    );
  lines.push(`sizes    ${axes.join(', ') || 'unknown'} (of ${sizes.read} samples)`);
  if (transparent !== undefined) {
    const { samples: some, background } = transparent;
    const how =
      background === 'drop'
        ? 'their alpha is dropped, not blended'
        : `blended over ${typeof background === 'string' ? background : `levels ${background?.join(', ')}`}`;
    lines.push(`alpha    ${some} of ${sizes.read} samples have transparent pixels; ${how} (option background)`);
  }
  if (content === 'images') lines.push(`JPEGs    decoded by ${jpegDecoder}`);
  if (check !== undefined) {
    lines.push(`broken   ${check.broken} of ${check.read} that were read`);
    for (const { index, path, offset, reason } of check.listed)
      lines.push(`         ${index}  ${path ?? '-'}${offset === undefined ? '' : ` at byte ${offset}`}: ${reason}`);
    if (check.listed.length < check.broken) lines.push(`         and ${check.broken - check.listed.length} more`);
  }
  return lines.map(printable).join('\n');
}

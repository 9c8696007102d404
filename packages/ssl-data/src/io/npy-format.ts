import { DataError } from '@selfsup/ssl-core';
import type { ElementFormat, ElementType } from './element-type.js';
import { parsePythonLiteral, type PythonLiteral, PythonLiteralError } from './python-literal.js';
import type { ArrayFileFormat, ArrayHeader } from './read-array.js';

/** Header of an .npy file. */
export interface NpyHeader extends ArrayHeader {
  /** True: the first axis runs fastest. */
  readonly fortranOrder: boolean;
}

const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ['b1', 'bool'],
  ['u1', 'uint8'],
  ['i1', 'int8'],
  ['u2', 'uint16'],
  ['i2', 'int16'],
  ['u4', 'uint32'],
  ['i4', 'int32'],
  ['u8', 'uint64'],
  ['i8', 'int64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
]);
const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** NumPy refuses headers of more than 10,000 bytes as well, since parsing takes time. */
const maxHeaderBytes = 10_000;
/** NumPy's own limit is 64. */
const maxRank = 64;

/** NumPy's format for one array; see {@link openNpy}. */
export const npyFormat: ArrayFileFormat<NpyHeader> = {
  headerSize: "an .npy file has at least 10 bytes and the header's length that they give",
  trailing: 'refuse',
  parse(path, head) {
    if (!magic.every((byte, index) => index >= head.length || head[index] === byte)) {
      const start = Buffer.from(head.subarray(0, magic.length)).toString('hex');
      throw new DataError(
        `not an .npy file: it starts with 0x${start}, an .npy file with 0x934e554d5059; check that the path names the array`,
        { path, offset: 0 },
      );
    }
    if (head.length < 8) return undefined;
    const [major, minor] = [head[6]!, head[7]!];
    if (major < 1 || major > 3 || minor !== 0)
      throw new DataError(`version ${major}.${minor} of the .npy format is not known; 1.0, 2.0 and 3.0 are`, {
        path,
        offset: 6,
      });
    const start = major === 1 ? 10 : 12;
    if (head.length < start) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, start);
    const textBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
    if (textBytes > maxHeaderBytes)
      throw new DataError(
        `header has ${textBytes} bytes, the limit is ${maxHeaderBytes}; an array of plain numbers needs about 100`,
        { path, offset: 8 },
      );
    if (head.length < start + textBytes) return undefined;
    const text = Buffer.from(head.subarray(start, start + textBytes)).toString(major === 3 ? 'utf8' : 'latin1');
    return { ...parseText(path, text, start), length: start + textBytes };
  },
};

function parseText(path: string, text: string, start: number): Omit<NpyHeader, 'length'> {
  let header: PythonLiteral;
  try {
    header = parsePythonLiteral(text);
  } catch (error) {
    if (!(error instanceof PythonLiteralError)) throw error;
    throw new DataError(`header is no dictionary of plain values: ${error.message}; write the file again`, {
      path,
      offset: start + error.offset,
    });
  }
  const where = { path, offset: start };
  if (
    !(header instanceof Map) ||
    header.size !== 3 ||
    !['descr', 'fortran_order', 'shape'].every((name) => header.has(name))
  )
    throw new DataError("header is no dictionary of 'descr', 'fortran_order' and 'shape'; write the file again", where);
  const fields = header as ReadonlyMap<string, PythonLiteral>;
  const [descr, fortranOrder, shape] = ['descr', 'fortran_order', 'shape'].map((key) => fields.get(key)!);
  const at = (key: string) => ({ path, offset: start + Math.max(0, text.indexOf(key)) });
  if (typeof fortranOrder !== 'boolean')
    throw new DataError("'fortran_order' is neither True nor False; write the file again", at('fortran_order'));
  if (!isShape(shape))
    throw new DataError(
      `'shape' is no tuple of at most ${maxRank} integers from 0 on; write the file again`,
      at('shape'),
    );
  return { shape, shapeOffset: at('shape').offset, fortranOrder, format: elementFormat(descr, at('descr')) };
}

function isShape(value: PythonLiteral | undefined): value is readonly number[] {
  return (
    Array.isArray(value) && value.length <= maxRank && value.every((side) => typeof side === 'number' && side >= 0)
  );
}

function elementFormat(descr: PythonLiteral | undefined, where: { path: string; offset: number }): ElementFormat {
  if (typeof descr !== 'string')
    throw new DataError('is a structured array; save each field as an array of its own', where);
  // Single bytes have no order, '|'; everything else has one.
  const [, order, code = ''] = /^(?:([<>])|[|]?(?=[bui]1$))(\w+)$/.exec(descr) ?? [];
  const type = elementTypes.get(code);
  if (/^[|<>]?O/.test(descr))
    throw new DataError(
      'holds pickled Python objects, which are programs and never run here; save an array of numbers (rows of unequal length give objects)',
      where,
    );
  if (type === undefined)
    throw new DataError(
      `element type '${descr.slice(0, 40)}' is not supported; supported are ${[...elementTypes.keys()].join(', ')}; convert with astype()`,
      where,
    );
  return { type, littleEndian: order !== '>' };
}

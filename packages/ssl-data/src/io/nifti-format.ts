import { DataError } from '@selfsup/ssl-core';
import type { ElementType } from './element-type.js';
import { niftiAffine, type NiftiFields } from './nifti-affine.js';
import type { ArrayFileFormat, ArrayHeader } from './read-array.js';

/** Header of a NIfTI file. Its shape is `[c, d, h, w]`: in the file x runs fastest, and what is beyond three axes slowest. */
export interface NiftiHeader extends ArrayHeader {
  /** From voxel `(w, h, d, 1)` to mm, 3 x 4 and the row `0 0 0 1`. */
  readonly affine: readonly (readonly number[])[];
  /** Distance of neighbouring voxels along `[d, h, w]`, mm. */
  readonly spacing: readonly [number, number, number];
}

/** Codes of DT_*; complex numbers, colours and 128-bit numbers are left out. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [2, 'uint8'],
  [4, 'int16'],
  [8, 'int32'],
  [16, 'float32'],
  [64, 'float64'],
  [256, 'int8'],
  [512, 'uint16'],
  [768, 'uint32'],
  [1024, 'int64'],
  [1280, 'uint64'],
]);
/** mm per spatial unit; 0 is 'unknown', which everybody takes for mm. */
const unitLengths: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1000],
  [2, 1],
  [3, 0.001],
]);

/** Places of the fields in the two versions, and how the wide ones are read. */
interface Layout {
  readonly bytes: number;
  readonly magic: number;
  readonly dim: number;
  readonly datatype: number;
  readonly pixdim: number;
  readonly voxOffset: number;
  readonly slope: number;
  readonly codes: number;
  readonly quaternion: number;
  readonly rows: number;
  readonly units: number;
  readonly integerBytes: 2 | 8;
  readonly realBytes: 4 | 8;
}

const first: Layout = {
  bytes: 348,
  magic: 344,
  dim: 40,
  datatype: 70,
  pixdim: 76,
  voxOffset: 108,
  slope: 112,
  codes: 252,
  quaternion: 256,
  rows: 280,
  units: 123,
  integerBytes: 2,
  realBytes: 4,
};
const second: Layout = {
  bytes: 540,
  magic: 4,
  dim: 16,
  datatype: 12,
  pixdim: 104,
  voxOffset: 168,
  slope: 176,
  codes: 344,
  quaternion: 352,
  rows: 400,
  units: 500,
  integerBytes: 8,
  realBytes: 8,
};

/** The format of NIfTI-1 and NIfTI-2 in one file; see `openNifti`. */
export const niftiFormat: ArrayFileFormat<NiftiHeader> = {
  headerSize: 'a NIfTI-1 header has 348 bytes, a NIfTI-2 header 540',
  // nibabel and others pass over what comes after the voxels, too.
  trailing: 'ignore',
  parse(path, head) {
    if (head.length < 4) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const little = view.getInt32(0, true) === 348 || view.getInt32(0, true) === 540;
    const size = view.getInt32(0, little);
    if (size !== 348 && size !== 540)
      throw new DataError(
        'not a NIfTI file: its first number is neither 348 nor 540; check that the path names a .nii file',
        {
          path,
          offset: 0,
        },
      );
    const layout = size === 348 ? first : second;
    if (head.length < layout.bytes) return undefined;
    return parseHeader(path, view, little, layout);
  },
};

function parseHeader(path: string, view: DataView, little: boolean, layout: Layout): NiftiHeader {
  const short = (at: number) => view.getInt16(at, little);
  const integer = (at: number) => (layout.integerBytes === 2 ? short(at) : Number(view.getBigInt64(at, little)));
  const real = (at: number) => (layout.realBytes === 4 ? view.getFloat32(at, little) : view.getFloat64(at, little));
  const reals = (at: number, count: number) => Array.from({ length: count }, (_, i) => real(at + i * layout.realBytes));
  const fail = (offset: number, message: string): never => {
    throw new DataError(message, { path, offset });
  };

  const magic = Array.from({ length: 4 }, (_, i) => String.fromCharCode(view.getUint8(layout.magic + i))).join('');
  const version = layout === first ? 1 : 2;
  if (magic !== `n+${version}\0`)
    fail(
      layout.magic,
      magic === `ni${version}\0`
        ? 'is one half of a .hdr/.img pair; convert it to a single .nii file'
        : 'is no NIfTI file of one piece (ANALYZE 7.5 has no orientation); convert it to .nii',
    );
  const rank = integer(layout.dim);
  if (rank < 1 || rank > 7) fail(layout.dim, `has ${rank} axes, expected 1 to 7; the file is damaged`);
  const sides = Array.from({ length: 7 }, (_, axis) =>
    axis < rank ? integer(layout.dim + (axis + 1) * layout.integerBytes) : 1,
  );
  const bad = sides.findIndex((side) => side < 1);
  if (bad >= 0)
    fail(layout.dim + (bad + 1) * layout.integerBytes, `axis ${bad + 1} has ${sides[bad]} voxels; the file is damaged`);
  const code = short(layout.datatype);
  const type = elementTypes.get(code);
  if (type === undefined)
    return fail(
      layout.datatype,
      `datatype ${code} is not supported; supported are ${[...elementTypes].map(([number, name]) => `${number} (${name})`).join(', ')}`,
    );
  const length = version === 1 ? real(layout.voxOffset) : integer(layout.voxOffset);
  if (!Number.isSafeInteger(length) || length < layout.bytes + 4)
    fail(layout.voxOffset, `voxels begin at byte ${length}, which is inside the header; the file is damaged`);
  const [slope = 0, intercept = 0] = reals(layout.slope, 2);
  // Zero means that nothing is to be scaled; writers also leave NaN there.
  const scaled = slope !== 0 && Number.isFinite(slope);
  if (scaled && !Number.isFinite(intercept)) fail(layout.slope, `scl_inter is ${intercept}; the file is damaged`);
  const unit = unitLengths.get(
    (layout === first ? view.getUint8(layout.units) : view.getInt32(layout.units, little)) & 7,
  );
  if (unit === undefined) return fail(layout.units, 'has an unknown unit of length; the file is damaged');
  const pixdim = reals(layout.pixdim, 4);
  const codeBytes = layout === first ? 2 : 4;
  const codeAt = (at: number) => (layout === first ? short(at) : view.getInt32(at, little));
  const fields: NiftiFields = {
    pixdim,
    qformCode: codeAt(layout.codes),
    sformCode: codeAt(layout.codes + codeBytes),
    quaternion: reals(layout.quaternion, 6),
    rows: [0, 1, 2].map((row) => reals(layout.rows + row * 4 * layout.realBytes, 4)),
  };
  const affine = niftiAffine(fields, unit);
  if (!affine.every((row) => row.every(Number.isFinite)) || !pixdim.slice(1).every(Number.isFinite))
    fail(layout.pixdim, 'orientation or voxel size is no finite number; the file is damaged');
  const spacing = [3, 2, 1].map((axis) => Math.abs(pixdim[axis]!) * unit) as [number, number, number];
  const [width, height, depth, ...further] = sides as [number, number, number, ...number[]];
  return {
    length,
    shape: [further.reduce((product, side) => product * side, 1), depth, height, width],
    shapeOffset: layout.dim,
    format: { type, littleEndian: little, scale: scaled ? { slope, intercept } : { slope: 1, intercept: 0 } },
    affine,
    spacing,
  };
}

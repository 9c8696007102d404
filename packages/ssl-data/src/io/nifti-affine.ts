/** The fields of a NIfTI header that say where a voxel lies. */
export interface NiftiFields {
  /** `qfac`, then the voxel's size along x, y and z. */
  readonly pixdim: readonly number[];
  readonly qformCode: number;
  readonly sformCode: number;
  /** `quatern_b, quatern_c, quatern_d, qoffset_x, qoffset_y, qoffset_z`. */
  readonly quaternion: readonly number[];
  /** `srow_x, srow_y, srow_z`. */
  readonly rows: readonly (readonly number[])[];
}

/**
 * From voxel `(i, j, k, 1)` to mm, `[4, 4]`: the sform where there is one, else the qform, else the voxel size alone.
 *
 * @param unit mm per unit of the header
 * Source: nifti1.h, 'orientation and location in space', methods 1 to 3; which comes first is nibabel's choice.
 */
export function niftiAffine(fields: NiftiFields, unit: number): number[][] {
  const rows =
    fields.sformCode > 0 ? fields.rows : fields.qformCode > 0 ? fromQuaternion(fields) : fromSize(fields.pixdim);
  return [...rows.map((row) => row.map((value) => value * unit)), [0, 0, 0, 1]];
}

function fromSize(pixdim: readonly number[]): number[][] {
  return [0, 1, 2].map((axis) => [0, 1, 2, 3].map((column) => (column === axis ? pixdim[axis + 1]! : 0)));
}

function fromQuaternion({ pixdim, quaternion }: NiftiFields): number[][] {
  let [b = 0, c = 0, d = 0] = quaternion;
  let a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {
    // Rounding made it longer than 1: half a turn.
    const length = Math.hypot(b, c, d);
    [a, b, c, d] = [0, b / length, c / length, d / length];
  } else {
    a = Math.sqrt(a);
  }
  const turn = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  const handed = pixdim[0]! < 0 ? -1 : 1;
  const size = [pixdim[1]!, pixdim[2]!, handed * pixdim[3]!];
  return turn.map((row, axis) => [...row.map((value, column) => value * size[column]!), quaternion[axis + 3]!]);
}

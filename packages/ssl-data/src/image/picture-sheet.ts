import { lstat } from 'node:fs/promises';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { writeWhole } from '@selfsup/ssl-core/files';
import { defaultMaxPixels } from './image-decoding.js';
import { type Image, imageSize } from './image.js';
import { loadSharp } from './native-packages.js';

/** A picture in its cell of a sheet. */
export interface SheetPicture {
  /** 1 to 4 channels. */
  readonly image: Image;
  readonly row: number;
  readonly column: number;
  /** Pixels of the sheet per pixel of the image. */
  readonly scale: number;
}

const gap = 4;
/** More than a viewer opens, and what sharp makes. */
const mostPixels = defaultMaxPixels;
const otherFormats = /\.(?:jpe?g|webp|gif|avif|heic|tiff?|bmp|svg|pdf)$/i;
/** Written into every sheet, by which it is known again. */
const mark = 'ssl-data picture sheet';

/**
 * Draws pictures in the middle of their cells on a grey sheet, as a PNG file.
 *
 * @param grid rows, columns, and the side of a cell in pixels
 * @returns height and width of the sheet, pixels
 * @throws DataError when the file cannot be written, or is there and no sheet; InvalidOptionError for an image of another
 *   number of channels, a name of another format than PNG, and a sheet that is too large
 */
export async function writePictureSheet(
  path: string,
  grid: { readonly rows: number; readonly columns: number; readonly cell: number },
  pictures: readonly SheetPicture[],
): Promise<{ readonly height: number; readonly width: number }> {
  checkName(path);
  const { rows, columns, cell } = grid;
  const width = gap + columns * (cell + gap);
  const height = gap + rows * (cell + gap);
  if (width * height > mostPixels)
    throw new InvalidOptionError(
      'writePictureSheet',
      'pictures',
      `few or small enough for a sheet of ${mostPixels} pixels`,
      `${rows} x ${columns} cells of ${cell} x ${cell}, which make ${width * height}`,
    );
  await checkReplaceable(path);
  const tiles: { input: Buffer; top: number; left: number }[] = [];
  for (const { image, row, column, scale } of pictures) {
    const { png, height, width } = await tile(image, scale);
    tiles.push({
      input: png,
      top: gap + row * (cell + gap) + Math.floor((cell - height) / 2),
      left: gap + column * (cell + gap) + Math.floor((cell - width) / 2),
    });
  }
  const sharp = await loadSharp();
  const png = await sharp({ create: { width, height, channels: 3, background: '#888' } })
    .composite(tiles)
    .withExif({ IFD0: { Software: mark } })
    .png()
    .toBuffer();
  await writeWhole(path, png, { makeFolder: true });
  return { height, width };
}

/** A PNG under the name of another format would be taken for damaged. */
function checkName(path: string): void {
  const advice = 'Sheets are PNG files: name it sheet.png, say';
  if (typeof path !== 'string' || path === '' || otherFormats.test(path))
    throw new InvalidOptionError('writePictureSheet', 'path', 'the name of a PNG file', path, advice);
}

/** A picture of somebody else's was named by mistake. */
async function checkReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const sharp = await loadSharp();
  const exif = found.isFile()
    ? (
        await sharp(path)
          .metadata()
          .catch(() => undefined)
      )?.exif
    : undefined;
  if (exif?.includes(mark) === true) return;
  throw new DataError('is there already and is no sheet of ssl-data; choose another name, or move it away', { path });
}

async function tile(
  image: Image,
  scale: number,
): Promise<{ readonly png: Buffer; readonly height: number; readonly width: number }> {
  const [height, width, channels] = imageSize(image, 'writePictureSheet');
  if (channels < 1 || channels > 4)
    throw new InvalidOptionError('writePictureSheet', 'pictures', 'images of 1 to 4 channels', channels);
  const sharp = await loadSharp();
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  const drawn = { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
  const png = await sharp(Buffer.from(image.data), { raw })
    .toColourspace('srgb')
    .resize({ ...drawn, fit: 'fill', kernel: 'nearest' })
    .png()
    .toBuffer();
  return { png, ...drawn };
}

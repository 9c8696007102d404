import { expect, it } from 'vitest';
import { withArticle } from './with-article.js';

it.each([
  ...['an int32 tensor', 'an object', 'an HTML file', 'an SVG file', 'an XBM file', 'an .npy file', 'an .npz archive'],
  ...[
    'an Int32Array',
    'an Array',
    'an LMDB database',
    'an ONNX model',
    'an MP4 film',
    'an OpenEXR file',
    'an 8-bit file',
  ],
  ...[
    'an 11th',
    'an 18-bit file',
    'an ICO file',
    "an 'image'",
    'an RGB picture',
    'an hour',
    'an X bitmap (XBM) file',
    'an SGI file',
    'an HDF5 file',
    'an OS/2 bitmap',
  ],
  ...[
    'a float32 tensor',
    'a bool',
    'a uint8',
    'a Uint8Array',
    'a PNG file',
    'a HEIC file',
    'a RIFF file',
    'a FITS file',
    'a .tar file',
  ],
  ...[
    'a URL',
    'a UTF-16 text',
    'a string',
    'a JSON object',
    'a NIfTI file',
    'a number',
    'a PDF file',
    'a one',
    'a 16-bit file',
  ],
  ...[
    'a GIF',
    'a Targa file',
    'a Photoshop file',
    'a JPEG XL file',
    'a 100',
    'a WebP file',
    'a universal one',
    'a user',
  ],
])('%s', (text) => {
  expect(withArticle(text.replace(/^an? /, ''))).toBe(text);
});

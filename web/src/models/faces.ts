/** The addresses by which groups' pictures are shown: one for each picture, however often it is told. */

import { toBase64Url } from '../base/base64url.ts';
import { pictureSize } from '../base/picture_size.ts';

const FACES_KEPT = 500;
const SIDE_LIMIT_PX = 512;
const TYPES: ReadonlyMap<number, string> = new Map([
  [0x89, 'image/png'],
  [0xff, 'image/jpeg'],
  [0x52, 'image/webp'],
]);

const faces = new Map<string, string>();

/** Undefined for what is no small square picture: then it is not decoded. */
export function faceOf(picture: Uint8Array): string | undefined {
  const type = TYPES.get(picture[0] ?? 0);
  const size = pictureSize(picture);
  if (type === undefined || size === undefined) {
    return undefined;
  }
  if (size.width !== size.height || size.width > SIDE_LIMIT_PX) {
    return undefined;
  }
  const key = toBase64Url(picture);
  const known = faces.get(key);
  if (known !== undefined) {
    return known;
  }
  const [oldest] = faces;
  if (faces.size >= FACES_KEPT && oldest !== undefined) {
    URL.revokeObjectURL(oldest[1]);
    faces.delete(oldest[0]);
  }
  const face = URL.createObjectURL(new Blob([picture.slice()], { type }));
  faces.set(key, face);
  return face;
}

/**
 * Draws the logo into public/icons, as SVG and as PNG in the sizes that browsers ask for: two
 * speech bubbles that lean on each other. Run `node build/icons.ts` after changing it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

type Colour = readonly [red: number, green: number, blue: number];
type Point = readonly [x: number, y: number];

/** A rounded rectangle, or a triangle, on a field of 64 by 64. */
type Shape =
  | {
      readonly colour: Colour;
      readonly box: readonly [x: number, y: number, width: number, height: number];
      readonly radius: number;
    }
  | { readonly colour: Colour; readonly corners: readonly [Point, Point, Point] };

const FIELD = 64;
const SAMPLES = 4;
const CLAY: Colour = [0xa8, 0x43, 0x1b];
const PEACH: Colour = [0xf3, 0xb8, 0x95];
const CREAM: Colour = [0xff, 0xf8, 0xf2];

const BUBBLES: readonly Shape[] = [
  { colour: PEACH, box: [26, 15, 28, 25], radius: 11 },
  {
    colour: PEACH,
    corners: [
      [51, 32],
      [50, 46],
      [40, 38],
    ],
  },
  { colour: CREAM, box: [10, 23, 31, 24], radius: 11 },
  {
    colour: CREAM,
    corners: [
      [13, 38],
      [14, 53],
      [24, 45],
    ],
  },
];

/** The logo on its ground: with round corners, or to the edge for whoever cuts its own shape. */
export function logo(isMaskable: boolean): readonly Shape[] {
  const ground: Shape = { colour: CLAY, box: [0, 0, FIELD, FIELD], radius: isMaskable ? 0 : 15 };
  return [ground, ...(isMaskable ? BUBBLES.map(smaller) : BUBBLES)];
}

/** Within the inner 80 %, which no mask cuts. */
function smaller(shape: Shape): Shape {
  const scale = 0.78;
  const moved = (at: number): number => FIELD / 2 + (at - FIELD / 2) * scale;
  if ('corners' in shape) {
    const [one, two, three] = shape.corners;
    const move = ([x, y]: Point): Point => [moved(x), moved(y)];
    return { ...shape, corners: [move(one), move(two), move(three)] };
  }
  const [x, y, width, height] = shape.box;
  return {
    ...shape,
    box: [moved(x), moved(y), width * scale, height * scale],
    radius: shape.radius * scale,
  };
}

/** The shapes as an SVG file. */
export function svgOf(shapes: readonly Shape[]): string {
  const drawn = shapes.map((shape) => {
    const fill = `#${shape.colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
    if ('corners' in shape) {
      return `<path fill="${fill}" d="M${shape.corners.map((corner) => corner.join(' ')).join('L')}z"/>`;
    }
    const [x, y, width, height] = shape.box;
    return `<rect fill="${fill}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${shape.radius}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${FIELD} ${FIELD}">${drawn.join('')}</svg>\n`;
}

/** The shapes as a PNG file (RFC 2083), each pixel the mean of 16 points. */
export function pngOf(shapes: readonly Shape[], edge: number): Buffer {
  const rows = Buffer.alloc(edge * (edge * 4 + 1));
  for (let y = 0; y < edge; y += 1) {
    for (let x = 0; x < edge; x += 1) {
      rows.set(pixel(shapes, x, y, edge), y * (edge * 4 + 1) + 1 + x * 4);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(edge, 0);
  head.writeUInt32BE(edge, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function pixel(
  shapes: readonly Shape[],
  x: number,
  y: number,
  edge: number,
): [number, number, number, number] {
  const sum: [number, number, number] = [0, 0, 0];
  let covered = 0;
  for (let at = 0; at < SAMPLES * SAMPLES; at += 1) {
    const px = ((x + ((at % SAMPLES) + 0.5) / SAMPLES) * FIELD) / edge;
    const py = ((y + (Math.floor(at / SAMPLES) + 0.5) / SAMPLES) * FIELD) / edge;
    const top = shapes.findLast((shape) => isInside(shape, px, py));
    if (top !== undefined) {
      covered += 1;
      sum[0] += top.colour[0];
      sum[1] += top.colour[1];
      sum[2] += top.colour[2];
    }
  }
  const share = Math.max(1, covered);
  return [
    Math.round(sum[0] / share),
    Math.round(sum[1] / share),
    Math.round(sum[2] / share),
    Math.round((255 * covered) / (SAMPLES * SAMPLES)),
  ];
}

function isInside(shape: Shape, px: number, py: number): boolean {
  if ('corners' in shape) {
    const [one, two, three] = shape.corners;
    const side = ([ax, ay]: Point, [bx, by]: Point): number =>
      (bx - ax) * (py - ay) - (by - ay) * (px - ax);
    const sides = [side(one, two), side(two, three), side(three, one)];
    return sides.every((value) => value >= 0) || sides.every((value) => value <= 0);
  }
  const [x, y, width, height] = shape.box;
  const dx = Math.max(x + shape.radius - px, 0, px - (x + width - shape.radius));
  const dy = Math.max(y + shape.radius - py, 0, py - (y + height - shape.radius));
  return (
    dx * dx + dy * dy <= shape.radius * shape.radius &&
    px >= x &&
    py >= y &&
    px <= x + width &&
    py <= y + height
  );
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(body.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}

/** Writes every form into `folder`. */
export function writeIcons(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'icon.svg'), svgOf(logo(false)));
  writeFileSync(join(folder, 'icon-192.png'), pngOf(logo(false), 192));
  writeFileSync(join(folder, 'icon-512.png'), pngOf(logo(false), 512));
  writeFileSync(join(folder, 'icon-180.png'), pngOf(logo(true), 180));
  writeFileSync(join(folder, 'maskable-512.png'), pngOf(logo(true), 512));
}

if (process.argv[1] === import.meta.filename) {
  writeIcons(join(import.meta.dirname, '../public/icons'));
}

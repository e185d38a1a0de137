/** A place on a plot, with the text and the dots beside it. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Stands above the point, or below where the one before is too near. */
  readonly label?: string;
  /** The values that `y` is the median of: small dots. */
  readonly rounds?: readonly number[];
}

/** Points joined by a line. */
export interface Series {
  readonly name: string;
  /** Legible on white and on black. */
  readonly color: string;
  /** Dashed and without points: a level to compare with, not what is measured at each x. */
  readonly isLevel?: boolean;
  readonly points: readonly PlotPoint[];
}

/** A plot to draw. Both axes are linear and begin at or below the smallest value; y begins at 0. */
export interface Plot {
  readonly title: string;
  /** Lines below the title: when, where and how it was measured. */
  readonly description: readonly string[];
  /** The quantity on each axis, with its unit. */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 460;
/** The place of the axes. */
const frame = { left: 80, right: WIDTH - 40, top: 120, bottom: HEIGHT - 60 };
/** Neutral, since nobody knows what colour the page behind it has. */
const GREY = "#888";
/** About how many ticks an axis has. */
const TICKS = 6;
/** Points keep off the frame's sides, so that their texts have room. */
const INSET = 32;
/** Labels of points that are nearer to each other than this would touch. */
const LABEL_WIDTH = 48;
/** Room that each letter of the legend takes. */
const LETTER = 7;

/** Draws a plot as an SVG document. */
export function svgOf({ title, description, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((each) => each.points);
  const xs = ticksOf(points.map(({ x }) => x));
  const ys = ticksOf([
    0,
    ...points.map(({ y }) => y),
    ...points.flatMap((each) => each.rounds ?? []),
  ]);
  const xAt = scaleOf(xs, frame.left + INSET, frame.right - INSET);
  const yAt = scaleOf(ys, frame.bottom, frame.top);
  const middle = (frame.top + frame.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12" fill="${GREY}">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(description.join(" "))}</desc>`,
    text(frame.left, 26, title, 'font-size="17"'),
    ...description.map((line, i) => text(frame.left, 46 + 16 * i, line)),
    ...legend(series),
    ...xs.flatMap((x) => [
      line([xAt(x), frame.bottom], [xAt(x), frame.bottom + 5]),
      text(xAt(x), frame.bottom + 20, said(x), 'text-anchor="middle"'),
    ]),
    ...ys.flatMap((y) => [
      line([frame.left, yAt(y)], [frame.right, yAt(y)], 'stroke-opacity="0.3"'),
      text(frame.left - 8, yAt(y) + 4, said(y), 'text-anchor="end"'),
    ]),
    line([frame.left, frame.bottom], [frame.right, frame.bottom]),
    line([frame.left, frame.top], [frame.left, frame.bottom]),
    text((frame.left + frame.right) / 2, HEIGHT - 16, xLabel, 'text-anchor="middle"'),
    text(20, middle, yLabel, `text-anchor="middle" transform="rotate(-90 20 ${middle})"`),
    ...series.flatMap((each) => drawn(each, xAt, yAt)),
    "</svg>\n",
  ].join("\n");
}

type Scale = (value: number) => number;

function scaleOf(ticks: readonly number[], from: number, to: number): Scale {
  const [first, last] = [ticks[0] as number, ticks.at(-1) as number];
  return (value) => Math.round(10 * (from + ((value - first) / (last - first)) * (to - from))) / 10;
}

/** Round numbers around all values: steps of 1, 2 or 5 times a power of ten. */
function ticksOf(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const rough = (most - least) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  // Whole: what is counted has no halves.
  const whole = Math.max(1, step);
  const first = Math.floor(least / whole);
  const count = Math.ceil(most / whole) - first;
  return Array.from({ length: count + 1 }, (_, i) => (first + i) * whole);
}

function drawn({ color, isLevel, points }: Series, xAt: Scale, yAt: Scale): string[] {
  const path = points.map(({ x, y }) => `${xAt(x)},${yAt(y)}`).join(" ");
  const dashes = isLevel === true ? ' stroke-dasharray="6 5"' : "";
  const joined = `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`;
  if (isLevel === true) return [joined];
  return [
    joined,
    ...points.flatMap(({ x, y, label, rounds = [] }, i) => {
      const before = points[i - 1];
      const isCrowded = before !== undefined && xAt(x) - xAt(before.x) < LABEL_WIDTH;
      const labelY = isCrowded
        ? yAt(Math.min(y, ...rounds)) + 20
        : yAt(Math.max(y, ...rounds)) - 11;
      return [
        ...rounds.map((each) => dot(xAt(x), yAt(each), 2.5, color, ' fill-opacity="0.55"')),
        dot(xAt(x), yAt(y), 4.5, color),
        ...(label === undefined ? [] : [text(xAt(x), labelY, label, 'text-anchor="middle"')]),
      ];
    }),
  ];
}

function legend(series: readonly Series[]): string[] {
  let x = frame.left;
  return series.flatMap(({ name, color, isLevel }) => {
    const from = x;
    x += 54 + name.length * LETTER;
    const style = `stroke="${color}" stroke-width="2"${isLevel === true ? ' stroke-dasharray="6 5"' : ""}`;
    const y = frame.top - 22;
    return [
      `<line x1="${from}" y1="${y}" x2="${from + 24}" y2="${y}" ${style}/>`,
      ...(isLevel === true ? [] : [dot(from + 12, y, 4.5, color)]),
      text(from + 32, y + 4, name),
    ];
  });
}

function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  more = "",
): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${GREY}" ${more}/>`;
}

function dot(x: number, y: number, radius: number, color: string, more = ""): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${color}"${more}/>`;
}

function text(x: number, y: number, words: string, more = ""): string {
  return `<text x="${x}" y="${y}" ${more}>${escaped(words)}</text>`;
}

function said(value: number): string {
  return value.toLocaleString("en");
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

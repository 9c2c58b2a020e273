import uPlot from './uplot.js';

const HEIGHT = 190;
const charts = new Map();

/** The page's colours, which follow the system's. */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Draws bars, one upon the other, anew only where the numbers have changed.
 * @param times seconds, evenly apart; @param form what formats them (Intl.DateTimeFormat)
 * @param series from the bottom to the top: {label, color (a CSS variable), values}
 */
export function drawBars(id, { times, series, form }) {
  const place = document.getElementById(`${id}-chart`);
  const width = Math.max(240, place.clientWidth);
  const asked = JSON.stringify([times, series, width]);
  const known = charts.get(id);
  if (known?.asked === asked) return;
  known?.plot.destroy();
  charts.set(id, {
    asked,
    plot: plot(place, { times, series, form, width }),
    again: { times, series, form },
  });
}

function plot(place, { times, series, form, width }) {
  // What is drawn first is the highest: each layer covers the foot of the one before.
  const layers = series
    .map((one, index) => ({
      ...one,
      sums: times.map((_, at) => series.slice(0, index + 1).reduce((sum, { values }) => sum + values[at], 0)),
    }))
    .reverse();
  const highest = Math.max(1, ...(layers[0]?.sums ?? []));
  const step = times[1] - times[0];
  const axis = {
    stroke: color('--soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  const options = {
    width,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: series.length > 1, live: false },
    scales: {
      x: { time: true, range: [times[0] - step / 2, times.at(-1) + step / 2] },
      y: { range: [0, highest * 1.1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 60,
        values: (_, at) => at.map((one) => form.format(one * 1000)),
      },
      {
        ...axis,
        size: 46,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
      },
    ],
    series: [
      {},
      ...layers.map(({ label, color: name }) => ({
        label,
        fill: color(name),
        stroke: color(name),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars({ size: [0.7, 40], align: 0 }),
      })),
    ],
  };
  return new uPlot(options, [times, ...layers.map(({ sums }) => sums)], place);
}

function drawAllAgain() {
  for (const [id, { again }] of charts) {
    charts.get(id).asked = '';
    drawBars(id, again);
  }
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAllAgain);
let resized;
addEventListener('resize', () => {
  clearTimeout(resized);
  resized = setTimeout(drawAllAgain, 150);
});

/* Charts from the numbers in data-chart; the table below them has the same. Drawn anew in the colours of another theme. */
"use strict";
const isoDay = (at) => (at == null ? "–" : new Date(at * 1000).toISOString().slice(0, 10));
function drawn(place) {
  const { days, spent, saved } = JSON.parse(place.dataset.chart);
  const ink = getComputedStyle(place);
  const axis = { stroke: ink.getPropertyValue("--dim"), grid: { stroke: ink.getPropertyValue("--line"), width: 1 } };
  const series = (label, colour, dash) => ({ label, stroke: ink.getPropertyValue(colour), width: 2, dash });
  return new uPlot({
    width: place.clientWidth, height: 220, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
    axes: [{ ...axis, values: (_, ats) => ats.map((at) => (at % 86400 ? "" : isoDay(at))) }, axis],
    series: [{ label: "day", value: (_, at) => isoDay(at) }, series("spent, USD", "--accent"), series("saved, USD", "--ok", [6, 4])],
  }, [days.map((day) => Date.parse(day) / 1000), spent, saved], place);
}
addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-chart]")) {
    let chart = drawn(place);
    addEventListener("resize", () => chart.setSize({ width: place.clientWidth, height: 220 }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { chart.destroy(); chart = drawn(place); });
  }
});

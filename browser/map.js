// Zoom and pan for maps (templates/maps.html). Without it a map is a plain picture.

import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

const STEP = 1.6;
const FURTHEST = 16;
const PAN = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

for (const figure of document.querySelectorAll("figure.map[data-zoom]")) {
  const svg = select(figure.querySelector(":scope > svg"));
  const { width, height } = svg.node().viewBox.baseVal;
  const moves = svg.select("g.moves");
  const buttons = figure.querySelector(".zoom");
  let scale = 1;

  const behaviour = zoom()
    .scaleExtent([1, FURTHEST])
    .extent([[0, 0], [width, height]])
    .translateExtent([[0, 0], [width, height]])
    // The wheel and one finger belong to the page until the reader zooms: by a button, a pinch, or Ctrl and the wheel.
    .filter((event) =>
      event.type === "wheel" ? event.ctrlKey : event.type === "dblclick" ? false : !event.button && (scale > 1 || event.touches?.length > 1),
    )
    .on("zoom", ({ transform }) => {
      scale = transform.k;
      moves.attr("transform", scale === 1 ? null : transform);
      svg.style("--zoom", scale).style("touch-action", scale > 1 ? "none" : "pan-x pan-y").style("cursor", scale > 1 ? "move" : null);
      buttons.querySelector("[data-zoom=in]").disabled = scale >= FURTHEST;
      for (const name of ["out", "reset"]) buttons.querySelector(`[data-zoom=${name}]`).disabled = scale <= 1;
    });
  svg.call(behaviour).call(behaviour.transform, zoomIdentity);
  const whole = () => svg.call(behaviour.transform, zoomIdentity);

  buttons.hidden = false;
  buttons.addEventListener("click", (event) => {
    const wanted = event.target.closest("button")?.dataset.zoom;
    if (wanted === "reset") whole();
    else if (wanted) svg.call(behaviour.scaleBy, wanted === "in" ? STEP : 1 / STEP);
  });

  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") svg.call(behaviour.scaleBy, STEP);
    else if (event.key === "-") svg.call(behaviour.scaleBy, 1 / STEP);
    else if (event.key === "0" || event.key === "Escape") whole();
    else if (PAN[event.key] && scale > 1) svg.call(behaviour.translateBy, ...PAN[event.key].map((part) => part / scale));
    else return;
    event.preventDefault();
  });

  // Whoever walks through the links by keyboard sees the one that has the focus.
  svg.node().addEventListener("focusin", ({ target }) => {
    const [it, frame] = [target.getBoundingClientRect(), svg.node().getBoundingClientRect()];
    const away = it.right < frame.left || it.left > frame.right || it.bottom < frame.top || it.top > frame.bottom;
    if (scale > 1 && away) whole();
  });

  // A link that is dragged would be dropped elsewhere, and the map would not move.
  svg.node().addEventListener("dragstart", (event) => event.preventDefault());
}

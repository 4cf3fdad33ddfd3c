// An answer on a map: its own geometries on a plain ground, since no other host is asked for tiles.

import { circleMarker, control, featureGroup, geoJSON, map as leaflet } from "leaflet";
import { wktToGeoJSON } from "betterknown";
import "leaflet/dist/leaflet.css";

import { coordinates } from "./columns.js";
import { cut, element, words } from "./dom.js";
import { shown } from "./table.js";

/** Returns the GeoJSON of a geometry literal, null where it cannot be read or is not in degrees. */
function geometry(term) {
  try {
    if (term.datatype.endsWith("geoJSONLiteral")) return JSON.parse(term.value);
    const [, system, text] = /^\s*(?:<([^>]*)>)?\s*(.*)$/s.exec(term.value);
    const known = !system || /CRS84|EPSG\/0\/4326$/.test(system);
    const read = known ? wktToGeoJSON(text) : null;
    return read && system?.endsWith("4326") ? turned(read) : read; // EPSG:4326 says latitude first, GeoJSON longitude
  } catch {
    return null;
  }
}

function turned(value) {
  if (Array.isArray(value)) return typeof value[0] === "number" ? [value[1], value[0], ...value.slice(2)] : value.map(turned);
  if (value.geometries) return { ...value, geometries: value.geometries.map(turned) };
  return { ...value, coordinates: turned(value.coordinates) };
}

const MOST = 5000;

/** Returns the rows of an answer that lie somewhere, each with its geometries; `sensible` when each row should. */
export function places(answer, columns) {
  const where = columns.filter((column) => answer.results.bindings.some((row) => /wktLiteral$|geoJSONLiteral$/.test(row[column.name]?.datatype ?? "")));
  const pair = coordinates(columns);
  const placed = answer.results.bindings.map((row) => {
    const found = where.map(({ name }) => row[name] && row[name].datatype && geometry(row[name])).filter(Boolean).slice(0, 1);
    const [latitude, longitude] = pair ? pair.map(({ name }) => Number(row[name]?.value ?? NaN)) : [];
    if (Number.isFinite(latitude) && Number.isFinite(longitude)) found.push({ type: "Point", coordinates: [longitude, latitude] });
    return { row, geometries: found };
  });
  const hidden = new Set([...where, ...(pair ?? [])].map((column) => column.name));
  const sensible = pair !== undefined || where.some(({ kind }) => kind === "geometry");
  return { rows: placed.filter(({ geometries }) => geometries.length), others: columns.filter((column) => !hidden.has(column.name)), sensible };
}

/** Returns what the pop-up of a row says: its other values, as in the table. */
function story(row, others) {
  const parts = others.filter(({ name }) => row[name]).flatMap(({ name }) => [element("dt", {}, name), element("dd", {}, shown(row[name]))]);
  return element("dl", {}, ...parts);
}

/** Returns the map, of at most MOST rows; `ready` draws it once it stands in the page and has a size. */
export function map({ rows: all, others }) {
  const rows = all.slice(0, MOST);
  const frame = element("div", { class: "map", role: "group", "aria-label": words.map });
  const made = { element: element("div", {}, frame, ...cut(rows.length, all.length)), ready };
  function ready() {
    const view = leaflet(frame, { attributionControl: false, zoomControl: false, scrollWheelZoom: false, zoomSnap: 0.25 });
    control.zoom({ zoomInTitle: words.nearer, zoomOutTitle: words.farther }).addTo(view);
    // Areas first, so that a point is never hidden under one.
    const parts = rows.flatMap(({ row, geometries }) => geometries.map((shape) => ({ row, shape })));
    parts.sort((a, b) => a.shape.type.endsWith("Point") - b.shape.type.endsWith("Point"));
    const layers = parts.map(({ row, shape }) => {
      const layer = geoJSON({ type: "Feature", geometry: shape, properties: {} }, { pointToLayer: (_, at) => circleMarker(at, { radius: 7, className: "spot" }), style: ({ geometry: { type } }) => (type.endsWith("Point") ? {} : { className: "area" }) });
      layer.bindPopup(() => story(row, others), { closeButton: false });
      return { layer, row };
    });
    view.setView([0, 0], 1);
    view.fitBounds(featureGroup(layers.map(({ layer }) => layer)).getBounds(), { padding: [24, 24], maxZoom: 12, animate: false });
    for (const { layer, row } of layers) {
      layer.addTo(view);
      layer.eachLayer((shape) => {
        const drawn = shape.getElement?.();
        if (!drawn) return;
        const said = others.map(({ name }) => row[name]?.value).filter(Boolean).join(", ");
        for (const [name, value] of Object.entries({ tabindex: 0, role: "button", "aria-label": said || words.place })) drawn.setAttribute(name, value);
        drawn.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          layer.openPopup(shape.getLatLng?.() ?? shape.getBounds().getCenter());
        });
      });
    }
  }
  return made;
}

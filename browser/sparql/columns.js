// What the columns of an answer hold, so that each view knows whether it has something to show.

const XSD = "http://www.w3.org/2001/XMLSchema#";
const GEO = "http://www.opengis.net/ont/geosparql#";
const NUMBERS = new Set(
  "integer decimal double float int long short byte nonNegativeInteger positiveInteger negativeInteger nonPositiveInteger unsignedInt unsignedLong unsignedShort unsignedByte"
    .split(" ")
    .map((name) => XSD + name),
);
const TIMES = new Set(["gYear", "gYearMonth", "date", "dateTime"].map((name) => XSD + name));
const GEOMETRIES = new Set(["wktLiteral", "geoJSONLiteral"].map((name) => GEO + name));

/** Returns what one term is: "number", "time", "geometry", "iri" or "text". */
export function kindOf(term) {
  if (term.type === "uri") return "iri";
  if (NUMBERS.has(term.datatype) && Number.isFinite(Number(term.value))) return "number";
  if (TIMES.has(term.datatype)) return "time";
  if (GEOMETRIES.has(term.datatype)) return "geometry";
  return "text";
}

/** Returns the moment that a year, month, day or time of day means, in milliseconds. */
export function moment(term) {
  const [, year, rest] = /^(-?\d{4,})(.*)$/.exec(term.value) ?? [];
  if (year === undefined) return NaN;
  const [month = 1, day = 1] = (rest.match(/^-(\d\d)(?:-(\d\d))?/) ?? []).slice(1).filter(Boolean).map(Number);
  if (rest.includes("T")) return Date.parse(term.value);
  const made = new Date(0);
  made.setUTCFullYear(Number(year), month - 1, day);
  return made.getTime();
}

/** Returns the columns of an answer with what all their values are, and whether they have no two alike. */
export function columnsOf(answer) {
  const rows = answer.results.bindings;
  return answer.head.vars.map((name) => {
    const terms = rows.map((row) => row[name]).filter(Boolean);
    const kinds = new Set(terms.map(kindOf));
    const kind = kinds.size === 1 ? [...kinds][0] : "text";
    return { name, kind, filled: terms.length, distinct: new Set(terms.map((term) => term.value)).size };
  });
}

/** Returns the pair of columns that says where a row lies, by its names; undefined where there is none. */
export function coordinates(columns) {
  const numbers = columns.filter((column) => column.kind === "number");
  const latitude = numbers.find((column) => /^lat(itude)?$|[a-z_]Lat(itude)?$|_lat(itude)?$/.test(column.name));
  const longitude = numbers.find((column) => /^lo?ng?(itude)?$|[a-z_]Lo?ng?(itude)?$|_lo?ng?(itude)?$/.test(column.name));
  return latitude && longitude ? [latitude, longitude] : undefined;
}

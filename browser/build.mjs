// Bundles styles and scripts into what Flask serves under /static/built/.

import { build } from "esbuild";

const here = import.meta.dirname;

await build({
  absWorkingDir: here,
  entryPoints: ["site.js", "map.js", "sparql.js", "styles/site.css"].map((name) => ({ in: name, out: name.replace(/^styles\/|\.\w+$/g, "") })),
  outdir: "../src/unicef_linked/web/static/built",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "linked",
  loader: { ".png": "dataurl", ".svg": "dataurl", ".woff2": "dataurl" },
  logLevel: "warning",
});

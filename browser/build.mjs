// Bundles styles and scripts into what Flask serves under /static/built/, and lists them by the name that pages know.

import { rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const target = join(here, "../src/unicef_linked/web/static/built");
const entries = ["site.js", "map.js", "sparql.js", "styles/site.css"];

await rm(target, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: entries,
  entryNames: "[name]-[hash]", // a name that changes with its content may be kept for ever
  assetNames: "[name]-[hash]",
  outdir: target,
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "linked",
  loader: { ".png": "dataurl", ".svg": "dataurl", ".woff2": "file" },
  logLevel: "warning",
});

const names = {};
for (const [path, { entryPoint, cssBundle, inputs }] of Object.entries(metafile.outputs)) {
  if (path.endsWith(".woff2")) names[basename(Object.keys(inputs)[0])] = basename(path); // pages preload one
  if (!entryPoint) continue;
  names[basename(entryPoint)] = basename(path);
  if (cssBundle) names[basename(entryPoint).replace(/js$/, "css")] = basename(cssBundle);
}
await writeFile(join(target, "assets.json"), JSON.stringify(names, null, 1));

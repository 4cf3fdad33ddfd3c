// Bundles styles and scripts into what Flask serves under /static/built/, and lists them by the name that pages know.

import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const target = join(here, "../src/unicef_linked/web/static/built");
const entries = ["site.js", "map.js", "sparql.js", "styles/site.css"];

const { metafile, outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: entries,
  entryNames: "[name]-[hash]", // a name that changes with its content may be kept for ever
  assetNames: "[name]-[hash]",
  outdir: target,
  bundle: true,
  minify: true,
  metafile: true,
  write: false,
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
// A server may be reading the folder: files come whole, their list after them, and what is no longer listed goes last.
await mkdir(target, { recursive: true });
for (const { path, contents } of outputFiles) await replace(path, contents);
await replace(join(target, "assets.json"), JSON.stringify(names, null, 1));
const kept = new Set(["assets.json", ...outputFiles.map(({ path }) => basename(path))]);
for (const name of await readdir(target)) if (!kept.has(name)) await rm(join(target, name));

async function replace(path, contents) {
  const written = `${path}.${process.pid}`;
  await writeFile(written, contents);
  await rename(written, path);
}

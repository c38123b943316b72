// Makes the one module that is served and packed of the sources of the element: `npm run build`.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const ELEMENT = new URL("../src/plaudit/http/element/", import.meta.url);
const [source, made] = process.argv.slice(2);
const target = ["es2022", "chrome111", "firefox119", "safari16.4"];

// Nobody outside sees these. What is kept in browsers keeps its names.
const OURS = /^(comments|confirmed|isInherited|isKept|isParked|note|said|sender|undo|watchers)$/;

const styles = {
  name: "a style sheet is text",
  setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const { code } = await transform(await readFile(path), { loader: "css", minify: true, target });
    return { contents: code.trim(), loader: "text" };
  }),
};

await build({
  entryPoints: [source ?? fileURLToPath(new URL("element.js", ELEMENT))],
  outfile: made ?? fileURLToPath(new URL("element.min.js", ELEMENT)),
  bundle: true, minify: true, format: "esm", charset: "utf8", target, plugins: [styles], mangleProps: OURS,
});

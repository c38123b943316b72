// Before a package is packed: the one module that Plaudit serves, and its types.

import { copyFile } from "node:fs/promises";

const ELEMENT = new URL("../src/plaudit/http/element/", import.meta.url);

await copyFile(new URL("element.min.js", ELEMENT), "element.js");
await copyFile(new URL("element.d.ts", ELEMENT), "element.d.ts");

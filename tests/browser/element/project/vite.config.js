// `--mode react-18` takes that React, and so on: one page for each way of making pages.

import { defineConfig } from "vite";

const PAGES = { "react-18": "react.tsx", "react-19": "react.tsx", vue: "vue.js" };

export default defineConfig(({ mode }) => ({
  base: "./",
  resolve: {
    alias: mode === "react-18"
      ? [{ find: /^react(-dom)?(?=\/|$)/, replacement: "react$1-18" }]
      : [],
    dedupe: ["react", "react-18"],
  },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: `built/${mode}`, emptyOutDir: true, target: "es2022", minify: false,
    rollupOptions: { input: PAGES[mode], output: { entryFileNames: "page.js" } },
  },
}));

import { defineConfig } from "vite";
import { packDigits } from "./pack-digits.js";

/** Cross-origin isolation: without it browsers give WebAssembly one thread. A server of the built files sends the same. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  base: "./",
  plugins: [packDigits()],
  // The bundler of dependencies would lose sight of the WebAssembly files that lie beside this one.
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  worker: { format: "es" },
  build: { target: "es2022", chunkSizeWarningLimit: 1000 },
  server: { headers },
  preview: { headers },
});

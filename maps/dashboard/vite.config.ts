import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { foliumAssets } from './folium-assets.ts';

/** The faces that the page and the map style share, under names that never change. */
const FONTS = ['thai-400', 'thai-700', 'latin-400', 'latin-700'].map(
  (face) => `sarabun-${face}-normal.woff2`,
);

/** Serves Sarabun from our own origin at /assets/fonts/: one download for the page and the map. */
function fonts(): Plugin {
  const read = (name: string) =>
    readFileSync(
      fileURLToPath(new URL(`node_modules/@fontsource/sarabun/files/${name}`, import.meta.url)),
    );
  return {
    name: 'muang-fonts',
    configureServer(server) {
      server.middlewares.use('/assets/fonts', (request, response, next) => {
        const name = (request.url ?? '').replace(/^\//, '').split('?')[0] ?? '';
        if (!FONTS.includes(name)) return next();
        response.setHeader('Content-Type', 'font/woff2');
        response.end(read(name));
      });
    },
    generateBundle() {
      for (const name of FONTS) {
        this.emitFile({ type: 'asset', fileName: `assets/fonts/${name}`, source: read(name) });
      }
      const licence = 'node_modules/@fontsource/sarabun/LICENSE';
      this.emitFile({
        type: 'asset',
        fileName: 'assets/fonts/LICENSE',
        source: readFileSync(fileURLToPath(new URL(licence, import.meta.url))),
      });
    },
  };
}

/** `/login` is a page of its own: in the build the server answers it, while developing this. */
function loginPage(): Plugin {
  return {
    name: 'muang-login',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        request.url = request.url?.replace(/^\/login(?=$|\?)/, '/login.html');
        next();
      });
    },
  };
}

const API_PATHS = [
  '/me',
  '/auth',
  '/styles',
  '/tiles',
  '/rasters',
  '/basemap',
  '/ogc',
  '/queries',
  '/gauges',
  '/floods',
  '/incidents',
  '/events',
  '/shelter-stays',
  '/evacuation-runs',
  '/resources',
  '/power-areas',
  '/live',
  '/readyz',
  '/openapi.json',
];

export default defineConfig({
  base: '/',
  plugins: [fonts(), loginPage(), foliumAssets()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    assetsDir: 'assets',
    rolldownOptions: {
      input: { index: 'index.html', login: 'login.html', sw: 'src/offline/worker.ts' },
      output: {
        // a service worker's address is its scope and never changes
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
    // what is bundled asks that its notices travel with it
    license: { fileName: 'assets/licenses.md' },
    // CSP has no data: for fonts or scripts; everything stays a file of its own.
    assetsInlineLimit: 0,
    // MapLibre alone is about 1.1 MB before compression; the real limit is tested in gzip.
    chunkSizeWarningLimit: 1200,
    reportCompressedSize: true,
  },
  server: {
    proxy: Object.fromEntries(
      API_PATHS.map((path) => [
        path,
        { target: process.env['MUANG_DEV_API'] ?? 'http://127.0.0.1:8000', changeOrigin: false },
      ]),
    ),
  },
  test: { include: ['tests/**/*.test.ts'] },
});

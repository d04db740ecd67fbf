import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { type Plugin, transformWithOxc } from 'vite';
import { defineConfig } from 'vitest/config';
import { foliumAssets } from './folium-assets.ts';

/** The faces that the page and the map style share, under names that never change. */
const FONTS = ['thai-400', 'thai-700', 'latin-400', 'latin-700'].map(
  (face) => `sarabun-${face}-normal.woff2`,
);

/** 11 makes a hundredth less in three times the time. */
const PACKED_BEST = 10;

/** Packs what is fetched before the map as small as can be, once: the server sends it as it lies. */
function brotli(): Plugin {
  const pack = promisify(brotliCompress);
  return {
    name: 'muang-brotli',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      const packed = Object.keys(bundle).map(async (name) => {
        if (!/^assets\/[^/]+\.(?:js|css)$/.test(name)) return;
        const file = join(dir ?? '.', name);
        const body = await readFile(file);
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: PACKED_BEST,
          [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
        };
        await writeFile(`${file}.br`, await pack(body, { params }));
      });
      await Promise.all(packed);
    },
  };
}

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

/** The map's code is asked for with the page, not when the page's own has been read. */
function early(): Plugin {
  return {
    name: 'muang-early',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle, path }) {
        if (!path.endsWith('index.html')) return [];
        const chunks = Object.values(bundle ?? {}).filter((each) => each.type === 'chunk');
        const page = chunks.find(({ name, isEntry }) => isEntry && name === 'index');
        const map = chunks.find(
          ({ name, isDynamicEntry }) => isDynamicEntry && name === 'town-map',
        );
        const known = new Set([page?.fileName, ...(page?.imports ?? [])]);
        const wanted = [map?.fileName, ...(map?.imports ?? [])].filter((name) => !known.has(name));
        return wanted.map((name) => ({
          tag: 'link',
          attrs: {
            rel: 'modulepreload',
            href: `/${name}`,
            crossorigin: true,
            fetchpriority: 'low',
          },
          injectTo: 'head' as const,
        }));
      },
    },
  };
}

const MAPLIBRE = fileURLToPath(new URL('node_modules/maplibre-gl/', import.meta.url));
const WORKER = 'map-worker';
const WORKER_URL = 'virtual:map-worker-url';

/**
 * MapLibre from its own sources, in one build with its worker. Its ready-made files each hold all
 * of what page and worker share; here that is a chunk of its own, fetched once.
 */
function maplibre(): Plugin {
  let worker = '';
  let building = false;
  return {
    name: 'muang-maplibre',
    enforce: 'pre',
    configResolved({ command }) {
      building = command === 'build';
    },
    buildStart() {
      if (!building) return;
      const id = `${MAPLIBRE}src/source/worker.ts`;
      worker = this.emitFile({ type: 'chunk', id, name: WORKER });
    },
    resolveId(id) {
      if (id === WORKER_URL) return `\0${WORKER_URL}`;
      return building && id === 'maplibre-gl' ? `${MAPLIBRE}src/index.ts` : null;
    },
    // a field declared without a value must not take away what a parent's constructor has set
    transform(code, id) {
      if (!building || !id.startsWith(`${MAPLIBRE}src/`) || !id.endsWith('.ts')) return null;
      return transformWithOxc(code, id, {
        lang: 'ts',
        assumptions: { setPublicClassFields: true },
        typescript: { removeClassFieldsWithoutInitializer: true },
      });
    },
    load(id) {
      if (id !== `\0${WORKER_URL}`) return null;
      return building
        ? `export default import.meta.ROLLUP_FILE_URL_${worker};`
        : "export { default } from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';";
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
  plugins: [maplibre(), fonts(), loginPage(), foliumAssets(), early(), brotli()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    assetsDir: 'assets',
    rolldownOptions: {
      input: { index: 'index.html', login: 'login.html', sw: 'src/offline/worker.ts' },
      output: {
        // a service worker's address is its scope and never changes
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        // what page and worker of the map share would else be named after one of its files
        chunkFileNames: ({ name, isDynamicEntry, moduleIds }) =>
          name !== WORKER &&
          !isDynamicEntry &&
          moduleIds.some((id) => id.startsWith(`${MAPLIBRE}src/`))
            ? 'assets/map-shared-[hash].js'
            : 'assets/[name]-[hash].js',
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

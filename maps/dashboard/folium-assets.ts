import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/**
 * What `maps/folium_map.py` puts inside the page of a notebook's map, so that it draws without a
 * network: file name below `assets/folium/` in the build -> file of an npm package.
 */
const FILES: Record<string, string> = {
  'leaflet.js': 'leaflet/dist/leaflet.js',
  'leaflet.css': 'leaflet/dist/leaflet.css',
  'images/layers.png': 'leaflet/dist/images/layers.png',
  'images/layers-2x.png': 'leaflet/dist/images/layers-2x.png',
  'images/marker-icon.png': 'leaflet/dist/images/marker-icon.png',
  'images/marker-icon-2x.png': 'leaflet/dist/images/marker-icon-2x.png',
  'images/marker-shadow.png': 'leaflet/dist/images/marker-shadow.png',
  'LICENSE-leaflet': 'leaflet/LICENSE',
  'jquery.slim.min.js': 'jquery/dist/jquery.slim.min.js',
  'LICENSE-jquery': 'jquery/LICENSE.txt',
};

/** Copies Leaflet and jQuery, which folium's own pages fetch from other hosts, into the build. */
export function foliumAssets(): Plugin {
  return {
    name: 'muang-folium-assets',
    apply: 'build',
    generateBundle() {
      for (const [name, file] of Object.entries(FILES)) {
        const path = fileURLToPath(new URL(`node_modules/${file}`, import.meta.url));
        this.emitFile({
          type: 'asset',
          fileName: `assets/folium/${name}`,
          source: readFileSync(path),
        });
      }
    },
  };
}

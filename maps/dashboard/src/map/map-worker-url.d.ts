/** Address of MapLibre's worker, which the build makes together with the map (vite.config.ts). */
declare module 'virtual:map-worker-url' {
  const url: string;
  export default url;
}

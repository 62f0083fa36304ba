import { defaultClientConditions, defineConfig } from 'vite';

// `npm run dev -w @media/app` serves the page with live reload and passes its requests on to a running server.
const server = process.env['MEDIA_SERVER'] ?? 'http://127.0.0.1:5080';

export default defineConfig({
  base: '/',
  // Packages of the workspace are taken from their sources.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined as a data: URL, so that a strict content security policy holds.
    assetsInlineLimit: 0,
  },
  worker: { format: 'es' },
  server: {
    proxy: { '/v1': server, '/health': server, '/media': server },
  },
});

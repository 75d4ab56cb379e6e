/**
 * Builds the page into page/dist: the bundle, Monaco's workers, and the icons and fonts that @grafana/ui asks for by
 * address.
 */
import { build, type Plugin } from 'esbuild';
import { cp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const page = import.meta.dirname ?? __dirname;
const dist = join(page, 'dist');
const modules = resolve(page, '../../node_modules');
const out = join(modules, '.cache/preview-page');

/**
 * CommonJS packages whose default export @grafana/ui's .mjs files import. In .mjs files Node's rules apply: the default
 * would be the whole `exports`, which React refuses as a component.
 */
const defaultImports = ['react-custom-scrollbars-2', 'calculate-size', 'react-highlight-words'];
const unwrapDefault: Plugin = {
  name: 'unwrap-default',
  setup(builder) {
    const filter = new RegExp(`^(${defaultImports.join('|')})$`);
    builder.onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'unwrap-default' ? undefined : { path, namespace: 'unwrap-default' }
    );
    builder.onLoad({ filter: /.*/, namespace: 'unwrap-default' }, ({ path }) => ({
      contents: `const exported = require('${path}'); module.exports = exported.default ?? exported;`,
      resolveDir: page,
    }));
  },
};

async function bundle() {
  await build({
    entryPoints: { boot: join(page, 'boot.ts'), app: join(page, 'app.tsx') },
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    jsx: 'automatic',
    publicPath: '/public/',
    loader: { '.ttf': 'file', '.woff2': 'file' },
    // `define`: SystemJS declares AMD's, and bundled UMD packages would register themselves instead of exporting.
    define: { 'process.env.NODE_ENV': '"production"', define: 'undefined', global: 'globalThis' },
    plugins: [unwrapDefault],
    // SystemJS has a type of its own in its package.json.
    logOverride: { 'package.json': 'silent' },
    logLevel: 'warning',
  });
  const editor = join(modules, 'monaco-editor/esm/vs');
  await build({
    entryPoints: {
      'editor.worker': join(editor, 'editor/editor.worker.js'),
      'json.worker': join(editor, 'language/json/json.worker.js'),
    },
    outdir: join(out, 'monaco'),
    bundle: true,
    minify: true,
    format: 'iife',
    logLevel: 'warning',
  });
}

/** Files under the names that @grafana/ui asks for, below /public/. */
async function copyAssets() {
  await cp(join(page, 'index.html'), join(out, 'index.html'));
  await cp(join(modules, '@grafana/ui/dist/public/img/icons'), join(out, 'build/img/icons'), { recursive: true });
  // Icons that @grafana/ui names and does not contain; these the page needs.
  await cp(join(page, 'icons'), join(out, 'build/img/icons'), { recursive: true });
  const robotoMono = 'L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ';
  const fonts = {
    'inter/Inter-Regular': 'inter/files/inter-latin-400-normal',
    'inter/Inter-Italic': 'inter/files/inter-latin-400-italic',
    'inter/Inter-Medium': 'inter/files/inter-latin-500-normal',
    'inter/Inter-MediumItalic': 'inter/files/inter-latin-500-italic',
    [`roboto/${robotoMono}`]: 'roboto-mono/files/roboto-mono-latin-400-normal',
  };
  for (const [name, file] of Object.entries(fonts)) {
    await cp(join(modules, '@fontsource', `${file}.woff2`), join(out, 'fonts', `${name}.woff2`));
  }
}

async function main() {
  await rm(out, { recursive: true, force: true });
  await bundle();
  await copyAssets();
  // At once, so that a running preview always has a whole page.
  await rm(dist, { recursive: true, force: true });
  await rename(out, dist);
}

void main();

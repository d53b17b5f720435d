import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { Browser } from 'happy-dom';

/** What a page is in. */
export interface PageHost {
  say(channel: string): void;
  navigates(): boolean;
  opens(): void;
}

/**
 * What may cross into a page: plain values, functions, and what they give. Electron copies the first and wraps the second; a port,
 * or an object of a class, is refused.
 */
function cross(value: unknown): unknown {
  if (typeof value === 'function') return (...args: unknown[]) => cross((value as (...given: unknown[]) => unknown)(...args.map(cross)));
  if (value instanceof Promise) return value.then(cross);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cross);
  const { constructor } = value;
  if (constructor.name !== 'Object' && constructor.name !== 'Promise') throw new TypeError(`An object of ${constructor.name} cannot cross into a page`);
  if (constructor.name === 'Promise') return (value as Promise<unknown>).then(cross);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cross(part)]));
}

/** A page of happy-dom, with a preload script before its own. */
export class Page {
  readonly #host: PageHost;
  readonly #file: string;
  readonly #browser = new Browser({ settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true, disableJavaScriptFileLoading: true, handleDisabledFileLoadingAsSuccess: true, navigation: { disableChildPageNavigation: true } } });
  readonly #frame = this.#browser.newPage().mainFrame;
  readonly #ports: MessagePort[] = [];
  readonly #ipcRenderer: EventEmitter & { send?: (channel: string) => void } = new EventEmitter();

  constructor(host: PageHost, file: string) {
    this.#host = host;
    this.#file = file;
    this.#ipcRenderer.send = channel => host.say(channel);
  }

  get address(): string {
    return this.#frame.url;
  }

  async begin(preload: string): Promise<void> {
    const { window } = this.#frame;
    const document = readFileSync(this.#file, 'utf8');
    this.#frame.url = pathToFileURL(this.#file).href;
    Object.defineProperty(window, 'open', { value: () => {
      this.#host.opens();
      return null;
    } });
    this.#frame.goto = async url => {
      if (this.#host.navigates()) this.#frame.url = url;
      return null;
    };
    // As in a sandbox: CommonJS, and of modules Electron's alone.
    const electron = { ipcRenderer: this.#ipcRenderer, contextBridge: { exposeInMainWorld: (key: string, api: unknown) => Object.defineProperty(window, key, { value: cross(api) }) } };
    const require = (name: string): unknown => {
      if (name === 'electron') return electron;
      throw new Error(`A preload script in a sandbox cannot have ${name}`);
    };
    new Function('require', 'module', 'exports', readFileSync(preload, 'utf8'))(require, { exports: {} }, {});
    window.document.write(document.replaceAll(/<script\b[^>]*><\/script>/g, ''));
    for (const [tag, src] of document.matchAll(/<script\b[^>]*\bsrc="([^"]+)"[^>]*><\/script>/g)) this.run(this.#read(join(dirname(this.#file), src ?? ''), tag.includes('type="module"')));
  }

  run = (script: string): unknown => this.#frame.window.eval(script);

  hear(channel: string, ports: readonly MessagePort[]): void {
    this.#ports.push(...ports);
    this.#ipcRenderer.emit(channel, { ports });
  }

  /** With it go its ports. */
  close(): void {
    for (const port of this.#ports) port.close();
    void this.#browser.close();
  }

  /** Modules become one script. */
  #read(file: string, isModule: boolean): string {
    if (!isModule) return readFileSync(file, 'utf8');
    const { outputFiles } = buildSync({ entryPoints: [file], bundle: true, write: false, format: 'esm', logLevel: 'silent', define: { 'import.meta.url': JSON.stringify(pathToFileURL(file).href), 'import.meta.resolve': 'undefined' } });
    return `(async () => { ${outputFiles[0]?.text ?? ''} })()`;
  }
}

// gjs -m main.mjs NODE RUNTIME DATABASE PAGES: the app in windows of WebKitGTK. Built and started by `npm run webkit`.
import { Gdk, Gtk, openApp } from './window.js';

const [node, runtime, database, pages] = ARGV;
const app = openApp({
  runtime: [node, runtime, '--db', database],
  failed: ({ code, message }) => printerr(`${code}: ${message}`),
});
let windows = 0;
const open = (options, left = () => {}) => {
  windows++;
  return app.openWindow({
    ...options,
    closed: () => {
      left();
      if (--windows === 0) void app.shell.stop().then(() => Gtk.main_quit());
    },
  });
};
let inspector;
/** The inspector's window: the only one that may hold flows, and delete them. */
const inspect = () => {
  inspector ??= open({ title: 'Inspector', page: `${pages}/inspector/index.html`, scopes: ['read', 'run', 'operate', 'debug'], hasModules: true, width: 1100, height: 780 }, () => (inspector = undefined));
  inspector.present();
};
const orders = open({ title: 'Orders', page: `${pages}/index.html` });
orders.window.connect('key-press-event', (_, event) => {
  const [, key] = event.get_keyval();
  if (key === Gdk.KEY_F12) inspect();
  return key === Gdk.KEY_F12;
});
Gtk.main();

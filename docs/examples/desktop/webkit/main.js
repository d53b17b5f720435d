// gjs -m main.mjs NODE RUNTIME DATABASE PAGES: the app in windows of WebKitGTK. Built and started by `npm run webkit`.
import { Gtk, openApp } from './window.js';

const [node, runtime, database, pages] = ARGV;
const app = openApp({
  runtime: [node, runtime, '--db', database],
  failed: ({ code, message }) => printerr(`${code}: ${message}`),
});
let windows = 0;
const open = options => {
  windows++;
  app.openWindow({
    ...options,
    closed: () => {
      if (--windows === 0) void app.shell.stop().then(() => Gtk.main_quit());
    },
  });
};
open({ title: 'Orders', page: `${pages}/index.html` });
Gtk.main();

// gjs -m steered-shell.mjs RUNTIME...: an app in WebKitGTK that does what it is told, line by line, on its standard input.
import Gdk from 'gi://Gdk?version=3.0';
import Gio from 'gi://Gio';
import { GLib, Gtk, openApp } from './window.js';

const say = message => print(JSON.stringify(message));
// Deaths come in a row here: waits that grow would make minutes of them.
const restart = { leastWaitMs: 500, mostWaitMs: 500 };
const app = openApp({ runtime: ARGV, restart, failed: ({ code }) => say({ failed: code }), changed: state => say({ state, pid: app?.pid }) });
const windows = new Map();
let last = 0;

/** What the screen shows, as a picture. */
function takePicture(file) {
  const root = Gdk.get_default_root_window();
  Gdk.pixbuf_get_from_window(root, 0, 0, root.get_width(), root.get_height()).savev(file, 'png', [], []);
}

const commands = {
  open(id, options) {
    const number = ++last;
    const opened = app.openWindow({ ...options, closed: () => windows.delete(number) });
    windows.set(number, opened);
    // What a page says beside its port, to whoever steers.
    const manager = opened.view.get_user_content_manager();
    manager.register_script_message_handler('steering');
    manager.connect('script-message-received::steering', (_, result) => say({ window: number, said: result.get_js_value().to_string() }));
    opened.view.connect('load-changed', (_, event) => {
      // 3: all of it is there.
      if (event === 3) say({ id, value: number });
    });
  },
  /** Runs the body of an async function in a page. */
  run(id, { window, body }) {
    const { view } = windows.get(window);
    view.call_async_javascript_function(`return JSON.stringify(await (async () => { ${body} })())`, -1, null, null, null, null, (_, result) => {
      try {
        const text = view.call_async_javascript_function_finish(result).to_string();
        say({ id, value: text === 'undefined' ? null : JSON.parse(text) });
      } catch (error) {
        say({ id, error: error.message });
      }
    });
  },
  close(id, { window }) {
    windows.get(window).close();
    say({ id, value: windows.size });
  },
  picture(id, { file }) {
    takePicture(file);
    say({ id, value: file });
  },
  sleep(id, { isOver }) {
    if (isOver) app.shell.resume();
    else app.shell.suspend();
    say({ id, value: null });
  },
  stop(id) {
    app.shell.stop().then(() => say({ id, value: app.shell.state }));
  },
  start(id) {
    app.shell.start();
    say({ id, value: app.shell.state });
  },
  quit() {
    for (const { close } of Array.from(windows.values())) close();
    app.shell.stop().then(() => Gtk.main_quit());
  },
};

const input = new Gio.DataInputStream({ base_stream: new Gio.UnixInputStream({ fd: 0 }) });
const decoder = new TextDecoder();
const read = () => input.read_line_async(GLib.PRIORITY_DEFAULT, null, (_, result) => {
  const [bytes] = input.read_line_finish(result);
  if (bytes === null) return Gtk.main_quit();
  // Before it is done: what cannot be done is said, and the next is read.
  read();
  const { id, name, ...rest } = JSON.parse(decoder.decode(bytes));
  try {
    commands[name](id, rest);
  } catch (error) {
    say({ id, error: String(error) });
  }
});
read();
Gtk.main();

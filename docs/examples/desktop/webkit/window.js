// A window of WebKitGTK with a page in it: what Electron's main process is to an Electron app, this is to one in gjs.
import Gdk from 'gi://Gdk?version=3.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=3.0';
import WebKit2 from 'gi://WebKit2?version=4.1';
import { createShell, pageScript } from 'flowstone/electron/shell';

const handler = 'flowstone';
/** Before a page whose process has ended is begun again, ms: one that crashes at once does not take a core. */
const pageWaitMs = 500;
const decoder = new TextDecoder();

/** Timers of GLib, behind what the shell takes for a clock. */
const clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => GLib.timeout_add(GLib.PRIORITY_DEFAULT, Math.ceil(delayMs), () => {
    callback();
    return GLib.SOURCE_REMOVE;
  }),
  clearTimer: timer => void GLib.MainContext.default().find_source_by_id(timer)?.destroy(),
};

/** Begins a process, and hands over its lines. Its error output is this process's. */
function spawn(argv, { line, exited }) {
  const child = Gio.Subprocess.new(argv, Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE);
  const output = new Gio.DataInputStream({ base_stream: child.get_stdout_pipe(), close_base_stream: true });
  const read = () => output.read_line_async(GLib.PRIORITY_DEFAULT, null, (_, result) => {
    let bytes;
    try {
      [bytes] = output.read_line_finish(result);
    } catch {
      // It was killed in the middle of a line.
      return;
    }
    if (bytes === null) return;
    // Before the line is taken: what goes wrong with one does not keep the next.
    read();
    line(decoder.decode(bytes));
  });
  read();
  const input = child.get_stdin_pipe();
  /** As `GLib.Bytes`: the memory of a typed array is the collector's, which moves it while it is written. */
  const waiting = [];
  let isWriting = false;
  const write = () => {
    const next = waiting.shift();
    isWriting = next !== undefined;
    if (next !== undefined) input.write_bytes_async(next, GLib.PRIORITY_DEFAULT, null, (_, result) => {
      try {
        const written = input.write_bytes_finish(result);
        const size = next.get_size();
        // A pipe takes what it has room for.
        if (written < size) waiting.unshift(GLib.Bytes.new_from_bytes(next, written, size - written));
        write();
      } catch {
        // Nobody reads any more: that it has exited is told below.
        waiting.length = 0;
        isWriting = false;
      }
    });
  };
  child.wait_async(null, () => exited());
  return {
    pid: Number(child.get_identifier()),
    write: text => {
      waiting.push(new GLib.Bytes(new TextEncoder().encode(`${text}\n`)));
      if (!isWriting) write();
    },
    kill: () => child.force_exit(),
  };
}

/**
 * An app of windows, with its runtime in a child process.
 *
 * @param runtime command that begins a program which calls `serveUtility`
 * @param restart when a process that has ended is begun again, as of `createShell`
 */
export function openApp({ runtime, failed, changed, restart }) {
  Gtk.init(null);
  let child;
  const shell = createShell({ clock, failed, changed, restart, spawn: heard => (child = spawn(runtime, heard)) });
  watchSleep(shell);
  return {
    shell,
    get pid() {
      return child?.pid;
    },
    openWindow: options => openWindow(shell, options),
  };
}

/** The system says before it sleeps, and when it wakes. Where nobody does (a container), timers find out within a minute. */
function watchSleep(shell) {
  try {
    Gio.bus_get_sync(Gio.BusType.SYSTEM, null).signal_subscribe('org.freedesktop.login1', 'org.freedesktop.login1.Manager', 'PrepareForSleep', null, null, Gio.DBusSignalFlags.NONE,
      (_connection, _sender, _path, _interface, _signal, parameters) => (parameters.get_child_value(0).get_boolean() ? shell.suspend() : shell.resume()));
  } catch {
    // There is no bus.
  }
}

/**
 * Opens a window on a page of the app. It stays there: it goes to no other page, and opens no windows.
 *
 * @param scopes what its page may do; default: `read` and `run`
 * @param hasModules its scripts are modules, which a page of a file may load only when it may read files
 */
function openWindow(shell, { title, page, scopes, hasModules = false, width = 1000, height = 760, closed }) {
  const manager = new WebKit2.UserContentManager();
  manager.register_script_message_handler(handler);
  manager.add_script(new WebKit2.UserScript(pageScript(handler), WebKit2.UserContentInjectedFrames.TOP_FRAME, WebKit2.UserScriptInjectionTime.START, null, null));
  const settings = new WebKit2.Settings({ allow_file_access_from_file_urls: hasModules });
  const view = new WebKit2.WebView({ user_content_manager: manager, settings });
  const address = GLib.filename_to_uri(page, null);
  const run = script => view.evaluate_javascript(script, -1, null, null, null, null);
  const admitted = shell.admit({ run, ...(scopes && { scopes }) });
  manager.connect(`script-message-received::${handler}`, (_, result) => admitted.take(result.get_js_value().to_string()));
  view.connect('decide-policy', (_, decision, type) => {
    if (type === WebKit2.PolicyDecisionType.RESPONSE) return false;
    const uri = decision.get_navigation_action().get_request().get_uri();
    if (type === WebKit2.PolicyDecisionType.NAVIGATION_ACTION && uri.split('#')[0] === address) return false;
    decision.ignore();
    return true;
  });
  view.connect('permission-request', (_, request) => {
    request.deny();
    return true;
  });
  // A page runs in a process of WebKit's own: when that is killed, the page is begun again, and finds what it showed by its cursor.
  view.connect('web-process-terminated', (_, reason) => {
    if (reason !== WebKit2.WebProcessTerminationReason.TERMINATED_BY_API) clock.setTimer(() => view.load_uri(address), pageWaitMs);
  });
  const window = new Gtk.Window({ title, default_width: width, default_height: height });
  window.add(view);
  view.load_uri(address);
  window.show_all();
  window.connect('destroy', () => {
    admitted.close();
    closed?.();
  });
  return { window, view, present: () => window.present_with_time(Gdk.CURRENT_TIME), close: () => window.destroy() };
}

export { Gdk, GLib, Gtk };

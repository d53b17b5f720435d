// gjs -m look-at-file.js FILE.html: opens a page of the disk in WebKitGTK, goes back and forth in it, and says what it saw.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=3.0';
import WebKit2 from 'gi://WebKit2?version=4.1';

Gtk.init(null);
const uri = Gio.File.new_for_path(ARGV[0]).get_uri();
const requests = [];
const view = new WebKit2.WebView({ web_context: WebKit2.WebContext.new_ephemeral() });
const window = new Gtk.Window({ default_width: 1_280, default_height: 800 });
const loop = GLib.MainLoop.new(null, false);

/** The body of a function that runs in the page. */
const look = `
  const until = async read => { for (;;) { const found = read(); if (found) return found; await new Promise(resolve => setTimeout(resolve, 50)); } };
  const proof = await until(() => document.querySelector('.proof.is-good')?.textContent);
  await until(() => document.querySelector('.time-row'));
  const place = () => Number(document.querySelector('.place strong').textContent.replaceAll(',', ''));
  const press = async key => {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return place();
  };
  const begun = place();
  const places = [begun, await press('ArrowLeft'), await press('Home'), await press('ArrowRight'), await press('End')];
  // As fast as a hand can, and faster: browsers refuse an address that changes so often.
  for (let turn = 0; turn < 300; turn++) await press(turn % 2 === 0 ? 'ArrowLeft' : 'ArrowRight');
  const area = document.querySelector('.graph-view').getBoundingClientRect();
  const cards = [...document.querySelectorAll('.step .card')].map(card => card.getBoundingClientRect());
  const isInView = cards.every(({ left, right, top, bottom }) => left >= area.left && right <= area.right && top >= area.top && bottom <= area.bottom);
  return JSON.stringify({ proof, places, cards: cards.length, isInView, errors: window.errors });
`;

view.connect('resource-load-started', (_, __, request) => requests.push(request.get_uri()));
view.get_user_content_manager().add_script(WebKit2.UserScript.new(
  'window.errors = []; addEventListener("error", event => window.errors.push(String(event.message)));',
  WebKit2.UserContentInjectedFrames.TOP_FRAME, WebKit2.UserScriptInjectionTime.START, null, null,
));
view.connect('load-changed', (_, event) => {
  if (event !== WebKit2.LoadEvent.FINISHED) return;
  view.call_async_javascript_function(look, -1, null, null, null, null, (__, result) => {
    try {
      print(JSON.stringify({ ...JSON.parse(view.call_async_javascript_function_finish(result).to_string()), requests: requests.filter(one => one !== uri && !one.startsWith('data:')) }));
    } catch (error) {
      print(JSON.stringify({ problem: error.message }));
    }
    loop.quit();
  });
});
window.add(view);
window.show_all();
view.load_uri(uri);
loop.run();

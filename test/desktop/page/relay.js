// A page that hands on what comes out of its port, and posts what it is given.
const say = message => window.webkit.messageHandlers.steering.postMessage(JSON.stringify(message));
let port;
window.relay = {
  async open() {
    port = await window.flowstone.open(text => say({ text }), () => say({ isClosed: true }));
  },
  post(texts) {
    for (const text of texts) port.post(text);
  },
  close() {
    port.close();
  },
};

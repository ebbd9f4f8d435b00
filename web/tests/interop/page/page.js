// What the test calls in the page: `ask` passes requests on to the worker, in their order.

// The policy lets a worker start only from a URL that this lets pass.
globalThis.trustedTypes.createPolicy('default', {
  createScriptURL: (url) => (url === 'worker.js' ? url : undefined),
});

const worker = new globalThis.Worker('worker.js', { type: 'module' });
const waiting = [];

worker.addEventListener('message', ({ data }) => waiting.shift().resolve(data));
worker.addEventListener('error', ({ message }) => {
  waiting.shift()?.reject(new Error(`The worker failed: ${message}`));
});

const ask = (line) =>
  new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    worker.postMessage(line);
  });

globalThis.ask = (lines) => Promise.all(lines.map(ask));

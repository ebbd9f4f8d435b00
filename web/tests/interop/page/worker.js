// The bundle in a worker, where the app has its core, too.

import { answer } from './peer.js';

let last = Promise.resolve();

globalThis.addEventListener('message', ({ data }) => {
  last = last.then(async () => globalThis.postMessage(await answer(data)));
});

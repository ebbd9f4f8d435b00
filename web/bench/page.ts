/** What bench/mls_browser.py calls in the page. */

import { measure } from './ours.ts';
import { measure as measurePeer } from './peer.ts';

Object.assign(globalThis, { bench: { ours: measure, peer: measurePeer } });

/** Where the page begins. */
import { trustOwnScripts } from './platform/trusted_types.ts';

trustOwnScripts(globalThis);

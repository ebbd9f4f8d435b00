/** Node with the code as it is built for browsers: only there does Svelte's reactivity work. */
import { builtinEnvironments, type Environment } from 'vitest/runtime';

const models: Environment = { ...builtinEnvironments.node, viteEnvironment: 'client' };

export { models as default };

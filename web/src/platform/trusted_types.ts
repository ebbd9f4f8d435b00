/**
 * Trusted Types: under our content security policy the browser starts a worker only from a URL
 * that a policy has let pass. The default policy lets this site's own files pass, and nothing else.
 */

/** What is used here of the browser's factory, which TypeScript's DOM does not have yet. */
interface PolicyFactory {
  readonly defaultPolicy: object | null;
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string | undefined },
  ): object;
}

/** Install the default policy, once, before anything else; older browsers do not need it. */
export function trustOwnScripts(scope: {
  readonly trustedTypes?: PolicyFactory;
  readonly location: { readonly href: string; readonly origin: string };
}): void {
  const { trustedTypes } = scope;
  if (trustedTypes?.defaultPolicy !== null) {
    return;
  }
  trustedTypes.createPolicy('default', {
    createScriptURL: (url) => {
      const { protocol, origin } = new URL(url, scope.location.href);
      // The URL of a blob has this origin too, and anything in it.
      return /^https?:$/.test(protocol) && origin === scope.location.origin ? url : undefined;
    },
  });
}

/** The pictures of a profile as they come from the server, for as long as a view shows them. */

import { publicAddress } from './picture.ts';

/**
 * Addresses by digest (hex) of those that are there and are the ones that were signed, as
 * `publicAddress` says. Called where a view begins; `name` is the account's.
 */
export function publicAddresses(
  name: () => string,
  digests: () => readonly string[],
): () => Readonly<Record<string, string>> {
  let fetched = $state.raw<Readonly<Record<string, string>>>({});
  const wanted = $derived(digests().join(' '));

  $effect(() => {
    const addresses: string[] = [];
    let isOver = false;
    for (const digest of wanted.split(' ').filter((one) => one !== '')) {
      void publicAddress(name(), digest).then((address) => {
        if (address === undefined) {
          return;
        }
        if (isOver) {
          URL.revokeObjectURL(address);
          return;
        }
        addresses.push(address);
        fetched = { ...fetched, [digest]: address };
      });
    }
    return () => {
      isOver = true;
      fetched = {};
      for (const address of addresses) {
        URL.revokeObjectURL(address);
      }
    };
  });

  return () => fetched;
}

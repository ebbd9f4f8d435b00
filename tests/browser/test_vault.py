"""The browser's vault in the browser: one writer, nothing half, nothing moved, nothing read out."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.stage import Fields, Refused, all_of, ask, kill, open_vault, pinned
from plausch.mls.suite import MLS_256_XWING

GROUP = b"sixteen byte grp"
DAY_S = 86_400

# Reads or changes rows of a vault behind its back: the test's own way into IndexedDB.
ROWS = """
async ([vault, store, change]) => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(`plausch vault ${vault}`);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = database.transaction([store], 'readwrite');
  const done = new Promise((resolve) => { transaction.oncomplete = resolve; });
  const rows = await new Promise((resolve) => {
    const request = transaction.objectStore(store).getAll();
    request.onsuccess = () => {
      const row = request.result.at(-1);
      if (change === 'flip') {
        row.sealed[row.sealed.length - 1] ^= 1;
        transaction.objectStore(store).put(row);
      } else if (change === 'take') {
        window.taken = row;
      } else if (change === 'place') {
        transaction.objectStore(store).put({ ...row, sealed: window.taken.sealed });
      } else if (change === 'empty') {
        transaction.objectStore(store).clear();
      }
      resolve(request.result);
    };
  });
  await done;
  database.close();
  return rows.length;
}
"""


def meet(page: Page, *workers: str) -> dict[str, Fields]:
    """Open vaults, make identities, and let each know the others."""
    identities: dict[str, Fields] = {}
    for worker in workers:
        open_vault(page, worker)
        identities[worker] = ask(
            page,
            worker,
            "makeIdentity",
            suite=MLS_256_XWING,
            credentialType=1,
            credential=worker.encode(),
        )
    for worker in workers:
        ask(page, worker, "judgeBy", policy=pinned(*identities.values()))
    return identities


def conversation(page: Page) -> dict[str, Fields]:
    """Anna's group, with Ben in it."""
    identities = meet(page, "anna", "ben")
    ask(page, "anna", "createGroup", group=GROUP)
    (package,) = ask(page, "ben", "makeKeyPackages", count=1, lifetimeS=30 * DAY_S)
    entry = ask(page, "anna", "commit", group=GROUP, id=b"add", adds=[package["message"]])
    ask(page, "anna", "acceptCommit", group=GROUP, id=b"add")
    ask(page, "ben", "join", welcome=entry["welcome"])
    return identities


def say(page: Page, text: bytes, id_: bytes, worker: str = "anna") -> bytes:
    entry = ask(page, worker, "encrypt", group=GROUP, id=id_, plaintext=text)
    payload: bytes = entry["payload"]
    return payload


def hear(page: Page, *envelopes: bytes, worker: str = "ben") -> list[Fields]:
    outcomes: list[Fields] = ask(page, worker, "process", group=GROUP, envelopes=list(envelopes))
    return outcomes


def refused(page: Page, worker: str, operation: str, **asked: object) -> Refused:
    with pytest.raises(Refused) as caught:
        ask(page, worker, operation, **asked)
    return caught.value


def test_a_message_travels_between_two_workers(page: Page) -> None:
    identities = conversation(page)
    (outcome,) = hear(page, say(page, b"Hello!", b"1"))
    assert outcome["kind"] == "received"
    assert outcome["taken"]["plaintext"] == b"Hello!"
    assert outcome["taken"]["sender"]["signatureKey"] == identities["anna"]["signatureKey"]
    views = [ask(page, worker, "groups")[0] for worker in ("anna", "ben")]
    assert views[0]["epochAuthenticator"] == views[1]["epochAuthenticator"]
    assert [view["epoch"] for view in views] == [1, 1]


def test_everything_is_still_there_in_the_next_life(page: Page) -> None:
    identities = conversation(page)
    first = say(page, b"one", b"1")
    (heard,) = hear(page, first)
    for worker in ("anna", "ben"):
        kill(page, worker)
        opened = open_vault(page, worker, *identities.values())
        assert opened["identity"] == identities[worker]
    assert say(page, b"one", b"1") == first
    assert hear(page, first) == [heard]
    assert hear(page, first, worker="anna") == [{"kind": "own", "id": b"1"}]
    assert [row["taken"]["plaintext"] for row in all_of(page, "ben")] == [b"one"]
    (again,) = hear(page, say(page, b"two", b"2"))
    assert again["taken"]["plaintext"] == b"two"


def test_a_stranger_is_refused(page: Page) -> None:
    identities = meet(page, "anna", "ben", "eve")
    ask(page, "anna", "judgeBy", policy=pinned(identities["anna"], identities["ben"]))
    ask(page, "anna", "createGroup", group=GROUP)
    (package,) = ask(page, "eve", "makeKeyPackages", count=1, lifetimeS=30 * DAY_S)
    error = refused(page, "anna", "commit", group=GROUP, id=b"1", adds=[package["message"]])
    assert (error.code, error.fault) == ("credential_refused", "remote")


def test_the_second_tab_is_refused_and_takes_over(new_tab: Callable[[], Page]) -> None:
    first, second = new_tab(), new_tab()
    identities = conversation(first)
    sent = say(first, b"from the first tab", b"1")
    with pytest.raises(Refused) as caught:
        open_vault(second, "anna", *identities.values(), wait=False)
    assert (caught.value.code, caught.value.fault) == ("vault_busy", "local")
    assert "another tab" in str(caught.value)
    second.evaluate(
        "policy => { window.opening = stage.ask('anna', 'open', "
        "{ vault: 'anna', wait: true, policy }).then(() => { window.isOpen = true; }); }",
        arg={"kind": "pinned", "devices": []},
    )
    assert say(first, b"the first one still writes", b"2")
    assert second.evaluate("window.isOpen") is None
    first.close()
    second.evaluate("window.opening")
    assert second.evaluate("window.isOpen")
    ask(second, "anna", "judgeBy", policy=pinned(*identities.values()))
    assert say(second, b"from the first tab", b"1") == sent
    open_vault(second, "ben", *identities.values())
    outcomes = hear(second, sent, say(second, b"from the second tab", b"3"))
    assert [outcome["kind"] for outcome in outcomes] == ["received", "received"]


def test_a_writer_that_was_taken_over_from_by_force_cannot_write(
    new_tab: Callable[[], Page],
) -> None:
    """Somebody steals the lock, which we never do: the number of the writer still protects."""
    first, second = new_tab(), new_tab()
    conversation(first)
    second.evaluate(
        "navigator.locks.request('plausch vault anna', { steal: true }, () => undefined)"
    )
    error = refused(first, "anna", "encrypt", group=GROUP, id=b"1", plaintext=b"x")
    assert error.code == "vault_busy"


def test_a_write_that_fails_changes_nothing(page: Page, site: str) -> None:
    storage = page.context.new_cdp_session(page)
    origin = site.rstrip("/")
    storage.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1_500_000})
    conversation(page)
    text = b"too much" * 100_000
    sent = say(page, text, b"0")
    for id_ in (b"1", b"1", b"2"):
        error = refused(page, "anna", "encrypt", group=GROUP, id=id_, plaintext=text)
        assert (error.code, error.fault) == ("storage_full", "operator")
    for _ in range(2):
        error = refused(page, "ben", "process", group=GROUP, envelopes=[sent])
        assert error.code == "storage_full"
    assert all_of(page, "ben") == []
    assert [entry["id"] for entry in ask(page, "anna", "outbox")] == [b"0"]
    storage.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    outcomes = hear(page, sent, say(page, b"after", b"1"))
    assert [outcome["taken"]["plaintext"] for outcome in outcomes] == [text, b"after"]


@pytest.mark.parametrize(
    ("store", "operation", "asked"),
    [
        ("epoch_state", "members", {"group": GROUP}),
        ("ratchet_state", "members", {"group": GROUP}),
        ("received", "received", {"after": 0, "limit": 9}),
        ("outbox", "outbox", {}),
        ("key_package", "keyPackages", {}),
    ],
)
def test_a_sealed_value_that_was_altered_or_moved_is_refused(
    page: Page, store: str, operation: str, asked: dict[str, Any]
) -> None:
    identities = conversation(page)
    hear(page, say(page, b"Hello!", b"1"))
    hear(page, say(page, b"Hello back!", b"2", worker="ben"), worker="anna")
    for worker in ("anna", "ben"):
        ask(page, worker, "makeKeyPackages", count=1, lifetimeS=DAY_S)
    for change, where in (("take", "ben"), ("place", "anna")):  # another vault's value
        assert page.evaluate(ROWS, [where, store, change]) >= 1
    kill(page, "anna")
    open_vault(page, "anna", *identities.values())
    moved = refused(page, "anna", operation, **asked)
    page.evaluate(ROWS, ["ben", store, "flip"])
    kill(page, "ben")
    open_vault(page, "ben", *identities.values())
    altered = refused(page, "ben", operation, **asked)
    for error in (moved, altered):
        assert (error.code, error.fault) == ("vault_damaged", "operator")
        assert str(error).endswith(".") and store in str(error)


def test_a_vault_without_its_key_is_not_begun_anew(page: Page) -> None:
    conversation(page)
    kill(page, "anna")
    page.evaluate(ROWS, ["anna", "own", "empty"])
    with pytest.raises(Refused) as caught:
        open_vault(page, "anna")
    assert caught.value.code == "vault_key_missing"


def test_the_key_cannot_be_read_out(page: Page) -> None:
    meet(page, "anna")
    found = page.evaluate(
        """
        async () => {
          const request = indexedDB.open('plausch vault anna');
          await new Promise((resolve) => { request.onsuccess = resolve; });
          const read = request.result.transaction(['own']).objectStore('own').get('key');
          await new Promise((resolve) => { read.onsuccess = resolve; });
          const { key } = read.result;
          const failures = [];
          for (const format of ['raw', 'jwk']) {
            await crypto.subtle.exportKey(format, key).catch((e) => failures.push(e.name));
          }
          request.result.close();
          return [key.type, key.extractable, key.algorithm.name, key.algorithm.length, failures];
        }
        """
    )
    assert found == ["secret", False, "AES-GCM", 256, ["InvalidAccessError"] * 2]


def test_nothing_secret_lies_in_the_stores_in_the_clear(page: Page) -> None:
    conversation(page)
    hear(page, say(page, b"a sentence nobody may read", b"1"))
    found = page.evaluate(
        """
        async (text) => {
          const hits = [];
          for (const vault of ['anna', 'ben']) {
            const request = indexedDB.open(`plausch vault ${vault}`);
            await new Promise((resolve) => { request.onsuccess = resolve; });
            for (const store of request.result.objectStoreNames) {
              const read = request.result.transaction([store]).objectStore(store).getAll();
              await new Promise((resolve) => { read.onsuccess = resolve; });
              for (const row of read.result) {
                for (const [name, value] of Object.entries(row)) {
                  const plain = value instanceof Uint8Array
                    ? new TextDecoder('latin1').decode(value) : String(value);
                  if (plain.includes(text)) hits.push(`${store}.${name}`);
                }
              }
            }
            request.result.close();
          }
          return hits;
        }
        """,
        "nobody may read",
    )
    assert found == []


def test_the_page_runs_under_the_strict_policy(page: Page) -> None:
    blocked = page.evaluate(
        "() => { try { new Worker('data:text/javascript,0'); return ''; } "
        "catch (error) { return error.name; } }"
    )
    assert blocked == "TypeError"

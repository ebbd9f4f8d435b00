"""The browser's vault in the browser: one writer, nothing half, nothing moved, nothing read out."""

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.stage import Refused, ask, kill

VAULT = "plausch vault device"

# Reads or changes rows of the vault behind its back: the test's own way into IndexedDB.
BEHIND = """
async ([store, change]) => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open('plausch vault device');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = database.transaction([store], 'readwrite');
  const done = new Promise((resolve) => { transaction.oncomplete = resolve; });
  const place = transaction.objectStore(store);
  const read = place.getAll();
  read.onsuccess = () => {
    const rows = read.result.filter(({ sealed }) => sealed !== undefined);
    if (change === 'flip') {
      for (const row of rows) {
        row.sealed[row.sealed.length - 1] ^= 1;
        place.put(row);
      }
    } else if (change === 'exchange') {
      const [one, other] = rows;
      place.put({ ...one, sealed: other.sealed });
    } else if (change === 'empty') {
      place.clear();
    }
  };
  await done;
  database.close();
  return read.result.length;
}
"""


def register(page: Page) -> dict[str, Any]:
    """A new account in this page's browser."""
    own: dict[str, Any] = ask(page, "register", name=f"p{secrets.token_hex(6)}")
    return own


def begun(page: Page) -> str:
    """A group of one."""
    conversation: str = ask(page, "createGroup", title="Notes", addresses=[])["id"]
    return conversation


def say(page: Page, conversation: str, text: str) -> None:
    ask(page, "sendText", conversation=conversation, text=text)


def texts(page: Page, conversation: str) -> list[str]:
    """All of them: how many there are, a slow disk or a quota that is noticed late decides."""
    messages: list[dict[str, Any]] = []
    has_earlier = True
    while has_earlier:
        stretch = {"before": messages[0]["place"]} if messages else {"from": "end"}
        answer = ask(page, "messages", conversation=conversation, stretch=stretch, limit=200)
        messages = [*answer["messages"], *messages]
        has_earlier = answer["hasEarlier"]
    return [one["text"] for one in messages if one["kind"] == "text"]


def everything_goes_out(page: Page, conversation: str) -> None:
    """Until the server has the last message, and so all: a place changes when it is sent."""
    newest = {"conversation": conversation, "stretch": {"from": "end"}, "limit": 1}
    while ask(page, "messages", **newest)["messages"][0]["state"] == "waiting":
        page.wait_for_timeout(50)


def refused(page: Page, operation: str, **asked: object) -> Refused:
    with pytest.raises(Refused) as caught:
        ask(page, operation, **asked)
    return caught.value


def test_everything_is_still_there_in_the_next_life(page: Page) -> None:
    own = register(page)
    conversation = begun(page)
    say(page, conversation, "one")
    kill(page)
    assert ask(page, "open")["own"] == own
    assert texts(page, conversation) == ["one"]


def test_a_writer_that_was_taken_over_from_by_force_cannot_write(
    new_tab: Callable[[], Page],
) -> None:
    """Somebody steals the lock, which we never do: the writer's name still protects."""
    first, second = new_tab(), new_tab()
    register(first)
    conversation = begun(first)
    second.evaluate(f"navigator.locks.request('{VAULT}', {{ steal: true }}, () => undefined)")
    error = refused(first, "sendText", conversation=conversation, text="x")
    assert error.code == "vault_busy"


def test_a_write_that_fails_changes_nothing(page: Page, site: str) -> None:
    storage = page.context.new_cdp_session(page)
    origin = site.rstrip("/")
    register(page)
    conversation = begun(page)
    text = "too much" * 5_000
    storage.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 900_000})
    sent = 0
    error: Refused | None = None
    while error is None:
        try:
            say(page, conversation, text)
            sent += 1
        except Refused as caught:
            error = caught
    assert (error.code, error.fault) == ("storage_full", "operator")
    # Counted, for thousands of lines would be shown if they differed.
    assert Counter(texts(page, conversation)) == {text: sent}
    storage.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    say(page, conversation, "after")
    everything_goes_out(page, conversation)
    assert Counter(texts(page, conversation)) == {text: sent, "after": 1}


def begin_again(page: Page) -> None:
    ask(page, "open")


def read_all(page: Page) -> None:
    for row in ask(page, "conversations"):
        texts(page, row["id"])


def write_to_all(page: Page) -> None:
    for row in ask(page, "conversations"):
        say(page, row["id"], "And again.")


@pytest.mark.parametrize("change", ["flip", "exchange"])
@pytest.mark.parametrize(
    ("store", "step"),
    [
        ("own", begin_again),
        ("conversation", begin_again),
        ("message", read_all),
        ("epoch_state", write_to_all),
        ("ratchet_state", write_to_all),
    ],
)
def test_a_sealed_value_that_was_altered_or_moved_is_refused(
    page: Page, store: str, step: Callable[[Page], None], change: str
) -> None:
    register(page)
    for _ in range(2):
        say(page, begun(page), "Hello!")
    kill(page)
    assert page.evaluate(BEHIND, [store, change]) >= 2
    with pytest.raises(Refused) as caught:
        step(page)
    assert (caught.value.code, caught.value.fault) == ("vault_damaged", "operator")
    assert str(caught.value).endswith(".") and store in str(caught.value)


def test_a_vault_without_its_key_is_not_begun_anew(page: Page) -> None:
    register(page)
    begun(page)
    kill(page)
    page.evaluate(BEHIND, ["own", "empty"])
    assert refused(page, "open").code == "vault_key_missing"


def test_a_database_that_somebody_opened_before_us_is_made_anew(page: Page) -> None:
    page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open('plausch vault device');
          request.onsuccess = () => { request.result.close(); resolve(); };
        })"""
    )
    register(page)


def test_a_newer_vault_and_one_that_is_held_have_their_sentences(page: Page) -> None:
    page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open('plausch vault device', 1_000);
          request.onsuccess = () => { request.result.close(); resolve(); };
        })"""
    )
    error = refused(page, "open")
    assert error.code == "vault_newer"
    assert "reload the page" in str(error)


def test_the_key_cannot_be_read_out(page: Page) -> None:
    register(page)
    found = page.evaluate(
        """
        async () => {
          const request = indexedDB.open('plausch vault device');
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


def test_a_key_that_can_be_read_out_is_not_used(page: Page) -> None:
    register(page)
    kill(page)
    page.evaluate(
        """
        async () => {
          const algorithm = { name: 'AES-GCM', length: 256 };
          const key = await crypto.subtle.generateKey(algorithm, true, ['encrypt', 'decrypt']);
          const request = indexedDB.open('plausch vault device');
          await new Promise((resolve) => { request.onsuccess = resolve; });
          const transaction = request.result.transaction(['own'], 'readwrite');
          transaction.objectStore('own').put({ slot: 'key', key });
          await new Promise((resolve) => { transaction.oncomplete = resolve; });
          request.result.close();
        }
        """
    )
    assert refused(page, "open").code == "vault_damaged"


def test_nothing_secret_lies_in_the_stores_in_the_clear(page: Page) -> None:
    own = register(page)
    say(page, begun(page), "a sentence nobody may read")
    ask(page, "setDraft", conversation=ask(page, "conversations")[0]["id"], draft="may read too")
    found = page.evaluate(
        """
        async (texts) => {
          const hits = [];
          const request = indexedDB.open('plausch vault device');
          await new Promise((resolve) => { request.onsuccess = resolve; });
          for (const store of request.result.objectStoreNames) {
            const read = request.result.transaction([store]).objectStore(store).getAll();
            await new Promise((resolve) => { read.onsuccess = resolve; });
            for (const row of read.result) {
              for (const [name, value] of Object.entries(row)) {
                const plain = value instanceof Uint8Array
                  ? new TextDecoder('latin1').decode(value) : String(value);
                if (texts.some((text) => plain.includes(text))) hits.push(`${store}.${name}`);
              }
            }
          }
          request.result.close();
          return hits;
        }
        """,
        ["may read", "Notes", own["address"].partition("@")[0]],
    )
    assert found == []


def test_what_is_asked_wrongly_has_a_sentence(page: Page) -> None:
    register(page)
    for operation, asked in (
        ("sendText", {"conversation": 7, "text": "x"}),
        ("messages", {"conversation": "00", "stretch": {"from": "end"}, "limit": "all"}),
        ("createGroup", {"title": "x", "addresses": ["a"] * 5_000}),
    ):
        error = refused(page, operation, **asked)  # type: ignore[arg-type]
        assert (error.code, error.fault) == ("bad_request", "local")
        assert str(error).endswith(".")


def test_the_page_runs_under_the_strict_policy(page: Page) -> None:
    blocked = page.evaluate(
        "() => { try { new Worker('data:text/javascript,0'); return ''; } "
        "catch (error) { return error.name; } }"
    )
    assert blocked == "TypeError"

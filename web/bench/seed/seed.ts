// Fills the vault of a registered device with conversations and messages, as years would:
// seed(conversations, messages); the messages are all in the newest conversation.

import { AccountAddress, ConversationId, DeviceAddress, MessageId } from '../../src/base/ids.ts';
import { randomBytes } from '../../src/base/random.ts';
import { MimiContent } from '../../src/content/mimi.ts';
import { textPart } from '../../src/content/text.ts';
import type { Write } from '../../src/platform/database.ts';
import { AccountOwnTable } from '../../src/vault/account_own.ts';
import { Conversations, KeptConversation } from '../../src/vault/conversations.ts';
import { Messages } from '../../src/vault/messages.ts';
import { Vault } from '../../src/vault/vault.ts';

const WORDS = 'Kommst du heute Abend zum Essen in die Linde? Ich habe für acht Uhr reserviert. ';
const MINUTE_MS = 60_000;
const AT_ONCE = 500;

async function seed(conversations: number, messages: number): Promise<void> {
  const platform = { indexedDB, locks: navigator.locks, subtle: crypto.subtle };
  const vault = await Vault.open(platform, 'device', true);
  const own = await new AccountOwnTable(vault).get();
  if (own === undefined) {
    throw new Error('register first');
  }
  const { account } = own.device;
  const tables = { conversations: new Conversations(vault), messages: new Messages(vault) };
  await tables.messages.load();
  const nowMs = Date.now();
  let writes: Write[] = [];
  const flush = async (): Promise<void> => {
    await vault.write(writes);
    writes = [];
  };
  for (let number = 0; number < conversations; number += 1) {
    const other = new AccountAddress(`person${number}`, account.domain);
    const kept = new KeptConversation(ConversationId.of(randomBytes(16)));
    kept.state = 'open';
    kept.cursor = messages + 1;
    kept.readSeq = kept.cursor;
    kept.activeAtMs = nowMs - number * MINUTE_MS;
    kept.ordinalMs = kept.activeAtMs;
    kept.setMembers([own.device, new DeviceAddress(other, '0123456789abcdef')]);
    kept.last = {
      message: '01'.repeat(32),
      text: WORDS,
      kind: 'text',
      sender: other.toString(),
      isOutgoing: false,
      isDeleted: false,
      state: 'received',
      atMs: kept.activeAtMs,
    };
    writes.push(await tables.conversations.put(kept));
    for (let seq = 1; number === 0 && seq <= messages; seq += 1) {
      const text = WORDS.repeat(1 + (seq % 3)) + String(seq);
      const content = new MimiContent({ salt: randomBytes(16), part: textPart(text) });
      const atMs = kept.activeAtMs - (messages - seq) * MINUTE_MS;
      const isOutgoing = seq % 4 === 0;
      writes.push(
        await tables.messages.add({
          conversation: kept.id,
          messageId: MessageId.of(randomBytes(32)),
          seq,
          sender: isOutgoing ? account : other,
          isOutgoing,
          kind: 'text',
          target: undefined,
          content: content.encode(),
          ordinalMs: atMs,
          sentAtMs: atMs,
          failure: '',
          isForkSuspected: false,
          position: 0,
        }),
      );
      if (writes.length >= AT_ONCE) {
        await flush();
      }
    }
    if (writes.length >= AT_ONCE) {
      await flush();
    }
  }
  await flush();
  await vault.close();
}

Object.assign(globalThis, { seed });

// ts-mls behind lines of JSON: one request a line on stdin, one answer a line on stdout.
// Bytes travel as base64. Clients live in this process and are named by the requests.

import { createInterface } from "node:readline"
import { p256 } from "@noble/curves/nist.js"
import {
  createApplicationMessage,
  createCommit,
  createGroup,
  createProposal,
  decodeGroupState,
  decodeMlsMessage,
  defaultCapabilities,
  encodeGroupState,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  joinGroupExternal,
  makePskIndex,
  mlsExporter,
  processPrivateMessage,
  processPublicMessage,
} from "ts-mls"
import { defaultClientConfig } from "ts-mls/clientConfig.js"
import { createGroupInfo } from "ts-mls/createCommit.js"
import { getCiphersuiteNameFromId } from "ts-mls/crypto/ciphersuite.js"
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js"

const HOUR_S = 3600n
const LIFETIME_S = 14n * 24n * HOUR_S

const clients = new Map()
const suites = new Map()

const b64 = (bytes) => Buffer.from(bytes).toString("base64")
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"))

async function suiteOf(id) {
  if (!suites.has(id)) {
    const name = getCiphersuiteNameFromId(id)
    suites.set(id, await getCiphersuiteImpl(getCiphersuiteFromName(name)))
  }
  return suites.get(id)
}

function decoded(text, wireformat) {
  const message = decodeMlsMessage(bytes(text), 0)?.[0]
  if (message === undefined) throw new Error("not an MLSMessage")
  if (wireformat !== undefined && message.wireformat !== wireformat)
    throw new Error(`expected ${wireformat}, got ${message.wireformat}`)
  return message
}

const message = (wireformat, content) =>
  b64(encodeMlsMessage({ version: "mls10", wireformat, ...content }))

// ts-mls writes and reads the external_pub extension without the length that belongs before the
// key (RFC 9420 section 12.4.3.2: struct ExternalPub). These two put it there and take it away.
const PREFIX_BYTES = { 33: 1, 67: 2, 1218: 2 }

function prefixed(key) {
  const length = key.length < 64 ? [key.length] : [0x40 | (key.length >> 8), key.length & 0xff]
  return new Uint8Array([...length, ...key])
}

function reading(cs) {
  const importPublicKey = (key) =>
    cs.hpke.importPublicKey(key.slice(PREFIX_BYTES[key.length] ?? 0))
  return { ...cs, hpke: { ...cs.hpke, importPublicKey } }
}

// ts-mls makes compressed P-256 keys; RFC 9420 section 5.1.1 wants uncompressed points.
async function signatureKeys(cs) {
  const { signKey, publicKey } = await cs.signature.keygen()
  return { signKey, publicKey: cs.name.endsWith("P256") ? p256.getPublicKey(signKey, false) : publicKey }
}

const pskIndex = (client) => makePskIndex(client.state, client.psks)

function proposalOf(wanted) {
  switch (wanted.kind) {
    case "add":
      return {
        proposalType: "add",
        add: { keyPackage: decoded(wanted.keyPackage, "mls_key_package").keyPackage },
      }
    case "remove":
      return { proposalType: "remove", remove: { removed: wanted.leaf } }
    case "psk":
      return {
        proposalType: "psk",
        psk: {
          preSharedKeyId: {
            psktype: "external",
            pskId: bytes(wanted.pskId),
            pskNonce: bytes(wanted.nonce),
          },
        },
      }
    default:
      throw new Error(`unknown proposal ${wanted.kind}`)
  }
}

const operations = {
  async new(_client, { client: name, suite, identity }) {
    clients.set(name, { cs: await suiteOf(suite), identity: bytes(identity), psks: {} })
    return {}
  },

  async forget(_client, { client: name }) {
    clients.delete(name)
    return {}
  },

  async psk(client, { pskId, secret }) {
    client.psks[pskId] = bytes(secret)
    return {}
  },

  async keyPackage(client) {
    const now = BigInt(Math.floor(Date.now() / 1000))
    const credential = { credentialType: "basic", identity: client.identity }
    const lifetime = { notBefore: now - HOUR_S, notAfter: now + LIFETIME_S }
    client.own = await generateKeyPackageWithKey(
      credential,
      defaultCapabilities(),
      lifetime,
      [],
      await signatureKeys(client.cs),
      client.cs,
    )
    return { keyPackage: message("mls_key_package", { keyPackage: client.own.publicPackage }) }
  },

  async create(client, { groupId }) {
    const { publicPackage, privatePackage } = client.own
    client.state = await createGroup(bytes(groupId), publicPackage, privatePackage, [], client.cs)
    return {}
  },

  async join(client, { welcome, tree }) {
    const { publicPackage, privatePackage } = client.own
    const parsed = decoded(welcome, "mls_welcome").welcome
    const psks = makePskIndex(undefined, client.psks)
    const beside = tree === null ? undefined : decodeRatchetTree(bytes(tree), 0)[0]
    client.state = await joinGroup(parsed, publicPackage, privatePackage, psks, client.cs, beside)
    return {}
  },

  async external(client, { groupInfo }) {
    const { publicPackage, privatePackage } = client.own
    const parsed = decoded(groupInfo, "mls_group_info").groupInfo
    const { publicMessage, newState } = await joinGroupExternal(
      parsed,
      publicPackage,
      privatePackage,
      false,
      reading(client.cs),
    )
    client.next = newState
    return { commit: message("mls_public_message", { publicMessage }) }
  },

  async propose(client, { proposal, publicly }) {
    const result = await createProposal(client.state, publicly, proposalOf(proposal), client.cs)
    client.state = result.newState
    return { message: b64(encodeMlsMessage(result.message)) }
  },

  // The next state is kept aside until "accept": the server may refuse the commit.
  async commit(client, { proposals, publicly }) {
    const context = { state: client.state, cipherSuite: client.cs, pskIndex: pskIndex(client) }
    const result = await createCommit(context, {
      wireAsPublicMessage: publicly,
      extraProposals: proposals.map(proposalOf),
      ratchetTreeExtension: true,
    })
    client.next = result.newState
    return {
      commit: b64(encodeMlsMessage(result.commit)),
      welcome:
        result.welcome === undefined ? "" : message("mls_welcome", { welcome: result.welcome }),
    }
  },

  async accept(client) {
    client.state = client.next
    client.next = undefined
    return {}
  },

  async drop(client) {
    client.next = undefined
    return {}
  },

  // Not by ts-mls's processMessage, which forgets the pre-shared keys for private messages.
  async process(client, { message: raw }) {
    const { state, cs } = client
    const parsed = decoded(raw)
    const result =
      parsed.wireformat === "mls_public_message"
        ? await processPublicMessage(state, parsed.publicMessage, pskIndex(client), cs)
        : await processPrivateMessage(state, parsed.privateMessage, pskIndex(client), cs)
    client.state = result.newState
    if (result.kind === "applicationMessage") return { plaintext: b64(result.message) }
    return {}
  },

  async encrypt(client, { plaintext }) {
    const result = await createApplicationMessage(client.state, bytes(plaintext), client.cs)
    client.state = result.newState
    return { message: message("mls_private_message", { privateMessage: result.privateMessage }) }
  },

  async groupInfo(client) {
    const { state, cs } = client
    const { publicKey } = await cs.hpke.deriveKeyPair(state.keySchedule.externalSecret)
    const externalPub = prefixed(await cs.hpke.exportPublicKey(publicKey))
    const extensions = [
      { extensionType: "external_pub", extensionData: externalPub },
      { extensionType: "ratchet_tree", extensionData: encodeRatchetTree(state.ratchetTree) },
    ]
    const groupInfo = await createGroupInfo(
      state.groupContext,
      state.confirmationTag,
      state,
      extensions,
      cs,
    )
    return { groupInfo: message("mls_group_info", { groupInfo }) }
  },

  async look(client, { label, context, length }) {
    const { keySchedule, groupContext, ratchetTree, privatePath, groupActiveState } = client.state
    const exported = await mlsExporter(
      keySchedule.exporterSecret,
      label,
      bytes(context),
      length,
      client.cs,
    )
    const members = ratchetTree.flatMap((node, index) =>
      node?.nodeType === "leaf" ? [[index / 2, b64(node.leaf.credential.identity)]] : [],
    )
    return {
      epoch: Number(groupContext.epoch),
      authenticator: b64(keySchedule.epochAuthenticator),
      exported: b64(exported),
      members,
      leaf: privatePath.leafIndex,
      active: groupActiveState.kind === "active",
    }
  },

  // What a restart does: everything through its saved form.
  async restart(client) {
    const [state] = decodeGroupState(encodeGroupState(client.state), 0)
    client.state = { ...state, clientConfig: defaultClientConfig }
    return {}
  },
}

async function answer(line) {
  const request = JSON.parse(line)
  try {
    const operation = operations[request.operation]
    if (operation === undefined) throw new Error(`unknown operation ${request.operation}`)
    return { id: request.id, ...(await operation(clients.get(request.client), request)) }
  } catch (error) {
    return { id: request.id, error: String(error?.stack ?? error) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)
}

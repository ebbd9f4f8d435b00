/**
 * What can go wrong, in English: a sentence for the code of each failure that a person may meet,
 * with the next step. web/tests/words/failure_codes.test.ts finds codes without a sentence.
 */

import { enDeviceFailures } from './en_devices.ts';
import { enProfileFailures } from './en_profile.ts';
import { enReportFailures } from './en_report.ts';

const SERVER_MISTAKEN =
  'The server sent something that cannot be right, so it was ignored. Tell whoever runs it.';
const LEFT_OUT = 'Messages are missing: the server left some out. Tell whoever runs it.';
const UNPROVEN =
  'A device does not prove whose it is, so nothing is sent to it. Ask its owner to open Plausch and try again.';
const UNREADABLE =
  'A message came that cannot be read; it was ignored. Ask for it to be sent again.';
const BAD_WELCOME =
  'You were added to a conversation in a way that cannot be right; it was ignored. Ask to be added again.';
const TOO_FAST = 'That was too fast. Wait a moment and try again.';

export const enFailures = {
  ...enDeviceFailures,
  ...enReportFailures,
  ...enProfileFailures,
  bad_name: 'This is not a valid name. Use letters, digits, dots and dashes.',
  name_taken: 'This name is taken. Choose another one.',
  invitation_required: 'The invitation code is missing, wrong or used. Ask for a new one.',
  registration_closed:
    'This server takes no new accounts. Ask whoever runs it, or choose another server.',
  no_account: 'There is no account in this browser yet. Choose a name first.',
  unknown_account: 'There is no account of that name. Check the spelling.',
  account_elsewhere: 'This account lives on another server, which cannot be reached from here.',
  own_account: 'This is your own account. Choose somebody else.',
  unknown_device: 'This device is not known any more. Check the list of your devices.',
  pairing_refused: 'The two devices could not be linked. Begin again with a new code.',
  account_suspended:
    'Whoever runs this server has suspended your account. Ask them; what you wrote stays here.',
  maintenance: 'The server is being worked on and takes nothing new for now. Try again later.',
  device_removed:
    'This device was removed from the account; nothing new arrives here. You can erase it in the settings.',
  device_replaced: 'A device tried to take the place of another one. It was refused.',
  unknown_conversation: 'This conversation does not exist on this device any more.',
  unknown_message: 'This message is not on this device any more.',
  not_admin: 'Only an admin of this group may do this. Ask one of them.',
  no_roles: 'This group has no admins: everybody in it may do this.',
  last_admin: 'A group needs an admin. Make somebody else an admin first.',
  bad_join_link: 'This is not an invitation link. Ask for it once more.',
  link_over: 'This link is no longer valid. Ask for a new one.',
  bad_roles: 'Who runs this group cannot be read, so the change was ignored.',
  picture_unusable: 'This picture cannot be used. Choose another one.',
  asked_from_outside:
    'Somebody outside wanted to change a conversation. It was ignored; tell the operator.',
  not_participant: 'You are not in this conversation any more.',
  not_in_it: 'This person is not in the conversation any more.',
  message_deleted: 'This message was deleted.',
  still_in: 'You are still in this conversation. Leave it first.',
  conversation_broken:
    'This conversation can no longer be read here. Start a new one with the same people.',
  change_forgotten:
    'The server was probably restored from a backup and forgot a change to this conversation. Start a new one with the same people.',
  not_ours: 'Only your own messages can be changed or deleted for everyone.',
  empty: 'There is nothing to send. Write something first.',
  too_large: 'This is too large. Make it smaller or split it.',
  nobody_to_add: 'Choose at least one person who has an account and a device.',
  no_key_package: 'None of their devices can be added right now. Try again later.',
  too_many_participants: 'The group has as many people as it can. Remove somebody first.',
  too_many_key_packages:
    'The server takes no more keys of this device for now. Messages come and go all the same.',
  mailbox_full: 'A device of theirs has not been online for long. Try again when it was.',
  not_allowed:
    'The server does not allow this: a business writes only to people who wrote to it first.',

  unreachable: 'The server cannot be reached. Check your connection; what you write is sent later.',
  unavailable: 'Something on this device or its connection failed. Try again in a moment.',
  refused: 'The server refused this. Try again later.',
  rate_limited: TOO_FAST,
  too_many_requests: TOO_FAST,
  too_many_attempts: TOO_FAST,
  login_timeout: 'The connection is too slow. It is tried again.',
  slow_reader: 'The connection is too slow. It is tried again.',
  too_many_connections: 'The server has too many connections. It is tried again in a moment.',
  server_restart: 'The server is being restarted. It is tried again in a moment.',
  replaced: 'Plausch is open a second time with the keys of this device. Close one of them.',
  server_internal: 'The server made a mistake. Try again later; if it stays, tell whoever runs it.',
  server_unavailable: 'The server cannot store anything right now. Try again later.',
  server_misbehaved: SERVER_MISTAKEN,
  bad_frame: SERVER_MISTAKEN,
  bad_answer: SERVER_MISTAKEN,
  wrong_state: SERVER_MISTAKEN,
  beyond_log: SERVER_MISTAKEN,
  log_gap: LEFT_OUT,
  log_shortened: LEFT_OUT,
  bad_version: 'The server speaks another version. Reload this page.',
  bad_request: 'This could not be done as asked. Reload the page and try again.',
  unknown_operation: 'The page is older than what works behind it. Reload it.',
  bad_endpoint: 'The server cannot wake this browser. Plausch tells you only while it is open.',

  identity_changed: 'A participant shows a new key. Compare the safety number before you write.',
  identity_key_changed: 'This is another key than before. Compare the safety number.',
  safety_number_differs:
    'This is not the same number. Do not write anything private until you know why.',
  wrong_party: 'This code is about other people than you two. Scan the one on their device.',
  trust_refused: 'What was shown cannot be believed, so nothing is sent to it.',
  key_package_refused: UNPROVEN,
  device_not_listed: UNPROVEN,
  credential_refused: UNPROVEN,
  identity_refused: UNPROVEN,
  leaf_key_mismatch: UNPROVEN,
  key_reuse: UNPROVEN,
  bad_key: UNPROVEN,
  bad_signature: UNPROVEN,
  malformed: UNPROVEN,
  certificate_never_valid: UNPROVEN,
  certificate_expired: 'The proof of a device is too old. It renews it when it is online.',
  certificate_not_yet_valid:
    'The proof of a device begins later. Check the clocks of both devices.',
  clock_wrong:
    'The clocks of this device and of the server differ. Set yours, or others may not trust it.',
  device_list_account: 'The server shows the devices of somebody else. Do not trust it.',
  device_list_gap: 'The server shows a list of devices with a gap. Do not trust it.',
  unknown_version: 'This comes from a newer version. Reload the page.',
  fork_suspected: 'Somebody sees other participants than you do. Compare safety numbers.',
  mls_protocol: UNREADABLE,
  bad_content: UNREADABLE,
  bad_cbor: UNREADABLE,
  too_deep: UNREADABLE,
  wrong_origin: 'A message came that names another sender than it has; it was ignored.',
  replayed_content: 'A message came a second time; it is shown once.',
  welcome_repeated: BAD_WELCOME,
  welcome_misplaced: BAD_WELCOME,
  welcome_outdated: BAD_WELCOME,
  welcome_epoch: BAD_WELCOME,
  welcome_stranger: BAD_WELCOME,
  welcome_unknown_key_package: BAD_WELCOME,

  bad_attachment: 'This file is damaged or was altered. Ask for it to be sent again.',
  transfer_cancelled: 'Cancelled.',
  file_too_large: 'This file is too large. Choose a smaller one.',
  file_changed: 'The file changed while it was being sent. Choose it again.',
  file_gone: 'The file is not on this device any more. Send it again.',
  file_elsewhere: 'This file lies on another server, or is too large to be fetched here.',
  unknown_blob: 'The server has this file no more. Ask for it to be sent again.',
  upload_stuck: 'The server does not take the file, and does not say why. Try again later.',
  quota_exceeded: 'You have sent as much as this server allows for now. Try again later.',
  too_many_uploads: 'Too many files are on their way. Wait until some have arrived.',
  picture_bomb: 'This picture has too many pixels. Make it smaller, or send it as a file.',
  no_microphone: 'The microphone cannot be used. Allow it in the settings of your browser.',
  not_copied: 'The browser did not let Plausch copy this. Select it and copy it by hand.',

  storage_unavailable:
    'The browser lets Plausch store nothing. Leave private mode, or allow storage for this page.',
  storage_full: 'The storage of this device is full. Free some space; nothing was lost.',
  vault_busy: 'Plausch is busy in another tab. Close the other tab, or wait a moment.',
  vault_blocked: 'An older Plausch in another tab holds the storage. Close the other tabs.',
  vault_newer: 'A newer Plausch has been at work here. Reload the page.',
  vault_key_missing:
    'The key to the stored messages is missing. Use another device of yours, or erase this one.',
  vault_damaged: 'The stored messages are damaged. Use another device of yours, or erase this one.',
  worker_gone:
    'This was interrupted before it was done. Look again; if it goes on, reload the page.',
  internal: 'Plausch made a mistake. Reload the page; if it happens again, tell us.',
  unknown: 'That did not work. Try again.',
};

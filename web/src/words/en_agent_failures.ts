/** Why the business's agent refused, in English: a sentence for each code, with the next step. */

export const enAgentFailures = {
  outdated: 'Somebody changed this booking meanwhile. You see it as it is now: try again.',
  wrong_state: 'This cannot be done any more: the booking is in another state now. Look again.',
  unknown: 'There is no such booking or guest any more. Look at the plan again.',
  known: 'This is booked already. Look at the plan.',
  too_late: 'It is too late for that here. Ring the guest up.',
  not_expired: 'The time is still kept free for a guest. Wait until that is over.',
  bad_request: 'Something that was entered cannot be right. Look at it again.',
  bad_params: 'Something that was entered cannot be right. Look at it again.',
  two_conversations:
    'Both write in a conversation of their own: they stay two guests. Choose another record.',
  note_too_long: 'The two notes together are too long. Shorten one first.',
  past: 'This time is over. Choose a later one.',
  too_soon: 'This is sooner than your rules allow. Choose a later time.',
  too_far: 'This is further ahead than you take bookings. Choose an earlier day.',
  closed: 'You are closed then. Choose another time, or change your hours under House.',
  full: 'Everything is taken then. Choose another time.',
  not_free: 'That place is taken then. Choose another time, or another row of the plan.',
  party_too_large:
    'There is no room for so many. Choose another row, or put more together under House.',
  unknown_resource: 'What was chosen is there no more. Look at the plan again.',
  bad_hours: 'These hours cannot be right. Look at the marked lines.',
  bad_tables: 'This cannot be right. Look at the marked lines.',
  in_use: 'There are still bookings there. Move them first.',
  not_allowed: 'Only the owner may do this. Ask them.',
  unknown_operation: 'Your agent is too old for this. Update it.',
  bad_answer: 'The agent answered something that does not fit. Update app and agent.',
  bad_time: 'This time does not exist on that day. Choose another one.',
  pacing: 'Too many guests would begin then. Choose another time.',
  too_large: 'This is too much at once. Ask for less.',
  too_many: 'Too many are waiting already. Take somebody off first.',
  agent_stale: 'Your agent was away when you asked, so it was not done. Try again.',
  agent_away: 'Your agent does not answer just now. Look whether its computer is on.',
  mishap:
    'The agent made a mistake; it was not your fault. Look whether it was done, and do it another way; its log names the place.',
};

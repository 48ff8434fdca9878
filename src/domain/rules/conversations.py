"""What becomes of one side's own state of a session (contract, section 15)."""

from datetime import datetime

from domain.conversation import KEEP, MAX_DRAFT_LENGTH, Activity, Conversation, ConversationChange
from domain.errors import Invalid


def is_muted(conversation: Conversation, now: datetime) -> bool:
    """Whether it is muted at `now`."""
    return conversation.muted_until is not None and now < conversation.muted_until


def is_archived(conversation: Conversation, activity: Activity) -> bool:
    """Whether it is in the archive. A message takes it out, unless it was muted when the message was sent."""
    if conversation.archived_to is None:
        return False
    return activity.last_seq <= conversation.archived_to or is_muted(conversation, activity.last_at)


def changed(conversation: Conversation, change: ConversationChange, activity: Activity, now: datetime) -> Conversation:
    """The conversation with the change. Raises `Invalid` for a draft that is too long or has NUL."""
    muted_until = conversation.muted_until
    if change.muted_until is not KEEP:
        muted_until = None if change.muted_until is None or change.muted_until <= now else change.muted_until
    was_archived = is_archived(conversation, activity)
    archived = was_archived if change.archived is KEEP else change.archived
    archived_to = conversation.archived_to
    if archived != was_archived or muted_until != conversation.muted_until:
        # the messages so far were judged by the mute that they met
        archived_to = activity.last_seq if archived else None
    pinned_at = conversation.pinned_at
    if change.pinned is not KEEP:
        pinned_at = (pinned_at or now) if change.pinned else None
    draft = conversation.draft if change.draft is KEEP else check_draft(change.draft)
    return Conversation(muted_until, archived_to, pinned_at, draft)


def check_draft(draft: str) -> str:
    """Returns `draft` unchanged. Raises `Invalid` unless it has at most 4,000 characters, without NUL."""
    if len(draft) > MAX_DRAFT_LENGTH:
        raise Invalid(f"draft must have at most {MAX_DRAFT_LENGTH} characters", field="draft")
    if "\0" in draft:
        raise Invalid("draft must not contain NUL", field="draft")
    return draft

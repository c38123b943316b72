"""What the store should say, kept in dictionaries and decided anew, without a look at the rules."""

from dataclasses import dataclass, field, replace

from plaudit.model import Feedback, Message, Role, Subject


@dataclass(slots=True)
class Ledger:
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    owners: dict[tuple[str, str], Subject] = field(default_factory=dict)  # of conversations
    changes: list[Feedback] = field(default_factory=list)  # all that was accepted, in order
    links: dict[tuple[str, Subject], Subject] = field(default_factory=dict)

    def register(self, message):
        """True when new, False when known, else the resource and field that contradict."""
        message = replace(message, owner=self.links.get((message.project_id, message.owner), message.owner))
        key, conversation = (message.project_id, message.id), (message.project_id, message.conversation_id)
        if key in self.messages:
            known = self.messages[key]
            fixed = ("conversation_id", "owner", "role")
            contradicting = [name for name in fixed if getattr(known, name) != getattr(message, name)]
            return ("message", contradicting[0]) if contradicting else False
        if self.owners.setdefault(conversation, message.owner) != message.owner:
            return "conversation", "owner"
        self.messages[key] = message
        return True

    def submit(self, voter, contract, message_id, vote, comment, *, now):
        """The new feedback, None, or the name of the refusal."""
        message = self.messages.get((voter.project.id, message_id))
        if message is None:
            return "NotFound"
        if message.owner != voter.subject:
            return "Forbidden"
        if message.role is Role.USER:
            return "Invalid"
        past = self.history(voter.project.id, message_id)
        if vote is None and (not past or past[-1].vote is None):
            return None
        self.changes.append(Feedback(
            project_id=voter.project.id, message_id=message_id, subject=voter.subject, auth_level=voter.auth_level,
            contract=contract, vote=vote, comment=comment, revision=len(past) + 1,
            created_at=past[0].created_at if past else now,
            updated_at=max([now, *(it.updated_at for it in past)])))
        return self.changes[-1]

    def link(self, project_id, owner, user, *, now):
        """How many messages and votes have become the user's; None: they are another user's."""
        if self.links.setdefault((project_id, owner), user) != user:
            return None
        own = sorted(key for key, it in self.messages.items() if (it.project_id, it.owner) == (project_id, owner))
        self.messages |= {key: replace(self.messages[key], owner=user) for key in own}
        self.owners |= {key: user for key, it in self.owners.items() if key[0] == project_id and it == owner}
        last = [history[-1] for key in own if (history := self.history(*key))]
        self.changes += [replace(it, subject=user, revision=it.revision + 1, updated_at=max(it.updated_at, now))
                         for it in last]
        return len(own), sum(it.vote is not None for it in last)

    def erase(self, project_id, who):
        """How many messages and standing votes of theirs are gone, and how many have become them."""
        who = self.links.get((project_id, who), who)
        own = {key for key, it in self.messages.items() if (it.project_id, it.owner) == (project_id, who)}
        linked = [key for key, user in self.links.items() if (key[0], user) == (project_id, who)]
        votes = sum(it.message_id in {message_id for _, message_id in own} for it in self.standing(project_id))
        self.messages = {key: it for key, it in self.messages.items() if key not in own}
        self.owners = {key: it for key, it in self.owners.items() if (key[0], it) != (project_id, who)}
        self.changes = [it for it in self.changes if (it.project_id, it.message_id) not in own]
        for key in linked:
            del self.links[key]
        return len(own), votes, len(linked)

    def history(self, project_id, message_id):
        """Only the owner votes, so a message's history is one person's."""
        return [it for it in self.changes if (it.project_id, it.message_id) == (project_id, message_id)]

    def standing(self, project_id):
        """Newest change first; of one instant, the last accepted first."""
        last = {it.message_id: (it.updated_at, place, it)
                for place, it in enumerate(self.changes) if it.project_id == project_id}
        return [it for *_, it in sorted(last.values(), key=lambda entry: entry[:2], reverse=True) if it.vote]

    def conversation(self, project_id, conversation_id):
        """By (created_at, id), each with its standing vote."""
        votes = {it.message_id: it for it in self.standing(project_id)}
        own = [it for it in self.messages.values()
               if (it.project_id, it.conversation_id) == (project_id, conversation_id)]
        return [(it, votes.get(it.id)) for it in sorted(own, key=lambda it: (it.created_at, it.id))]

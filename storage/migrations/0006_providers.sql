-- Meetings that are held at Dyte or RealtimeKit: their ids of what we made there, never their tokens, and how far we
-- are with ending there what was ended here.

CREATE TABLE rooms (
    meeting_id  uuid PRIMARY KEY REFERENCES meetings ON DELETE CASCADE,
    room        text NOT NULL,
    closed_at   timestamptz,
    tries       integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX rooms_by_id ON rooms (room);
CREATE INDEX rooms_open ON rooms (next_at) WHERE closed_at IS NULL;

CREATE TABLE seats (
    participant_id  uuid PRIMARY KEY REFERENCES participants ON DELETE CASCADE,
    seat            text NOT NULL,
    closed_at       timestamptz,
    tries           integer NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL DEFAULT '-infinity'
);

-- Webhooks that were taken, so that none counts twice.
CREATE TABLE heard_webhooks (
    key  text PRIMARY KEY,
    at   timestamptz NOT NULL
);
CREATE INDEX heard_webhooks_by_age ON heard_webhooks (at);

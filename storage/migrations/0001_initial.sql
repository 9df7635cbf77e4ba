-- Meetings, participants, incidents, reviews and activities.

CREATE TABLE meetings (
    id          uuid PRIMARY KEY,
    title       text NOT NULL,
    provider    text NOT NULL,
    join_code   text NOT NULL,
    settings    jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz
);

CREATE TABLE participants (
    id               uuid PRIMARY KEY,
    meeting_id       uuid NOT NULL REFERENCES meetings ON DELETE CASCADE,
    name             text NOT NULL,
    role             text NOT NULL CHECK (role IN ('candidate', 'proctor', 'reviewer')),
    created_at       timestamptz NOT NULL,
    reference_photo  text,
    ended_at         timestamptz
);
CREATE INDEX participants_of_meeting ON participants (meeting_id, role);

CREATE TABLE incidents (
    id            uuid PRIMARY KEY,
    meeting_id    uuid NOT NULL REFERENCES meetings ON DELETE CASCADE,
    candidate_id  uuid NOT NULL REFERENCES participants ON DELETE CASCADE,
    kind          text NOT NULL,
    severity      text NOT NULL,
    state         text NOT NULL CHECK (state IN ('open', 'closed')),
    opened_at     timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    text          text NOT NULL,
    why           jsonb NOT NULL,
    trace         jsonb NOT NULL,
    evidence      jsonb NOT NULL,
    version       integer NOT NULL,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX incidents_of_meeting ON incidents (meeting_id, id DESC);
CREATE INDEX incidents_open ON incidents (meeting_id) WHERE state = 'open';

-- No foreign key to incidents: a review may be drained from the spool before its incident is.
CREATE TABLE reviews (
    id           uuid PRIMARY KEY,
    incident_id  uuid NOT NULL,
    reviewer_id  uuid,
    verdict      text NOT NULL CHECK (verdict IN ('confirmed', 'dismissed')),
    note         text,
    at           timestamptz NOT NULL
);
CREATE INDEX reviews_of_incident ON reviews (incident_id, id DESC);

CREATE TABLE activities (
    id              uuid PRIMARY KEY,
    meeting_id      uuid NOT NULL REFERENCES meetings ON DELETE CASCADE,
    participant_id  uuid NOT NULL REFERENCES participants ON DELETE CASCADE,
    kind            text NOT NULL,
    at              timestamptz NOT NULL,
    detail          jsonb NOT NULL
);
CREATE INDEX activities_of_participant ON activities (participant_id, id);

-- How long things are kept, what may not be deleted, what was deleted, and what was re-encoded.

-- What a meeting has in place of the server's settings: `stream`, `evidence`, `incidents`; null keeps for good.
CREATE TABLE retention (
    meeting_id  uuid PRIMARY KEY REFERENCES meetings ON DELETE CASCADE,
    days        jsonb NOT NULL
);

-- One row each time a meeting was held; the one that is not lifted is in force.
CREATE TABLE holds (
    id          uuid PRIMARY KEY,
    meeting_id  uuid NOT NULL REFERENCES meetings ON DELETE CASCADE,
    reason      text NOT NULL,
    placed_by   uuid,
    placed_at   timestamptz NOT NULL,
    lifted_by   uuid,
    lifted_at   timestamptz
);
CREATE UNIQUE INDEX holds_in_force ON holds (meeting_id) WHERE lifted_at IS NULL;

-- What has begun to be deleted: it is finished, whatever happens in between.
CREATE TABLE deletions (
    id            uuid PRIMARY KEY,
    meeting_id    uuid NOT NULL,
    candidate_id  uuid NOT NULL UNIQUE,
    parts         jsonb NOT NULL,
    rule          jsonb,
    began_at      timestamptz NOT NULL
);

-- No foreign keys: a receipt outlives what it is about.
CREATE TABLE receipts (
    id            uuid PRIMARY KEY,
    meeting_id    uuid NOT NULL,
    candidate_id  uuid NOT NULL,
    at            timestamptz NOT NULL,
    -- Text, not jsonb: the signature is over these very characters.
    statement     text NOT NULL,
    signature     text NOT NULL,
    public_key    text NOT NULL
);
CREATE INDEX receipts_of_meeting ON receipts (meeting_id, id);

CREATE TABLE compactions (
    recording_id  uuid PRIMARY KEY REFERENCES recordings ON DELETE CASCADE,
    at            timestamptz NOT NULL,
    statement     text NOT NULL,
    signature     text NOT NULL,
    public_key    text NOT NULL
);

ALTER TABLE participants ADD COLUMN erased_at timestamptz;
ALTER TABLE recordings ADD COLUMN receipt_id uuid;
-- Since when there is nothing left in it that could be re-encoded.
ALTER TABLE recordings ADD COLUMN compacted_at timestamptz;
ALTER TABLE segments ADD COLUMN compacted jsonb;
CREATE INDEX incidents_of_candidate ON incidents (candidate_id);
CREATE INDEX recordings_of_candidate ON recordings (candidate_id);

-- Recordings, and the index of their segments.

CREATE TABLE recordings (
    id            uuid PRIMARY KEY,
    meeting_id    uuid NOT NULL REFERENCES meetings ON DELETE CASCADE,
    candidate_id  uuid NOT NULL REFERENCES participants ON DELETE CASCADE,
    began_at      timestamptz NOT NULL,
    closed_at     timestamptz,
    head          text,
    -- Text, not jsonb: the signature is over these very characters.
    statement     text,
    signature     text,
    public_key    text
);
CREATE INDEX recordings_of_meeting ON recordings (meeting_id, id);
CREATE INDEX recordings_open ON recordings (candidate_id) WHERE closed_at IS NULL;

-- No foreign key to recordings: a segment may be drained from the spool before its recording is.
CREATE TABLE segments (
    recording_id    uuid NOT NULL,
    number          integer NOT NULL,
    key             text NOT NULL,
    began_at        timestamptz NOT NULL,
    ended_at        timestamptz NOT NULL,
    first_seq       bigint,
    last_seq        bigint,
    frames          integer NOT NULL,
    bytes           bigint NOT NULL,
    not_recorded    integer NOT NULL,
    sha256          text NOT NULL,
    journal_sha256  text NOT NULL,
    link            text NOT NULL,
    gaps            jsonb NOT NULL,
    samples         jsonb NOT NULL,
    PRIMARY KEY (recording_id, number)
);

-- Who a candidate is, sealed by the server: without its secret these bytes say nothing. Gone with the exam.

CREATE TABLE templates (
    participant_id  uuid PRIMARY KEY REFERENCES participants ON DELETE CASCADE,
    sealed          bytea NOT NULL,
    made_at         timestamptz NOT NULL
);

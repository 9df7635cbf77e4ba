-- What is sent to other services when something happens: kept with what happened, until it has arrived.

-- No foreign key to meetings: a delivery may be drained from the spool late, and says nothing but ids.
CREATE TABLE deliveries (
    id            uuid PRIMARY KEY,
    url           text NOT NULL,
    event         text NOT NULL,
    meeting_id    uuid NOT NULL,
    body          text NOT NULL,
    created_at    timestamptz NOT NULL,
    attempts      integer NOT NULL,
    due_at        timestamptz,
    delivered_at  timestamptz,
    problem       text
);
CREATE INDEX deliveries_due ON deliveries (url, id) WHERE due_at IS NOT NULL;

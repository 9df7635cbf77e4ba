-- Every statement of the product, each under its name. storage/database.py reads this file once.

-- name: ping
SELECT 1;

-- name: insert_meeting
INSERT INTO meetings (id, title, provider, join_code, settings, created_at)
VALUES (%(id)s, %(title)s, %(provider)s, %(join_code)s, %(settings)s, %(created_at)s);
INSERT INTO rooms (meeting_id, room) SELECT %(id)s, %(room)s WHERE %(room)s::text IS NOT NULL;

-- name: meeting
SELECT * FROM meetings WHERE id = %(id)s;

-- name: meetings
SELECT * FROM meetings WHERE %(before)s::uuid IS NULL OR id < %(before)s ORDER BY id DESC LIMIT %(limit)s;

-- name: end_meeting
-- Both in one transaction: once a meeting is over, nobody's template is left.
DELETE FROM templates USING participants p WHERE p.id = participant_id AND p.meeting_id = %(id)s;
UPDATE meetings SET ended_at = coalesce(ended_at, %(at)s) WHERE id = %(id)s RETURNING *;

-- name: insert_participant
INSERT INTO participants (id, meeting_id, name, role, created_at, reference_photo, accommodations)
VALUES (%(id)s, %(meeting_id)s, %(name)s, %(role)s, %(created_at)s, %(reference_photo)s, %(accommodations)s);

-- name: participant
SELECT * FROM participants WHERE id = %(id)s;

-- name: names
SELECT id, name FROM participants WHERE id = ANY(%(ids)s::uuid[]);

-- name: participants
SELECT * FROM participants WHERE meeting_id = %(meeting_id)s AND role = %(role)s ORDER BY id;

-- name: end_participant
DELETE FROM templates WHERE participant_id = %(id)s;
UPDATE participants SET ended_at = coalesce(ended_at, %(at)s) WHERE id = %(id)s;

-- name: accommodate
UPDATE participants SET accommodations = %(accommodations)s WHERE id = %(id)s;

-- name: room
SELECT room FROM rooms WHERE meeting_id = %(meeting_id)s;

-- name: meeting_in_room
-- The open meeting that is held in a room.
SELECT m.id FROM rooms r JOIN meetings m ON m.id = r.meeting_id
WHERE r.room = %(room)s AND m.provider = %(provider)s AND m.ended_at IS NULL;

-- name: rooms_to_close
-- Meetings that are over here and not yet there.
SELECT m.id AS meeting_id, m.provider, r.room, r.tries FROM rooms r JOIN meetings m ON m.id = r.meeting_id
WHERE m.ended_at IS NOT NULL AND r.closed_at IS NULL AND r.tries < %(most)s AND r.next_at <= %(at)s
ORDER BY r.next_at LIMIT %(limit)s;

-- name: room_closed
UPDATE rooms SET closed_at = %(at)s WHERE meeting_id = %(id)s;

-- name: room_not_closed
UPDATE rooms SET tries = tries + 1, next_at = %(next_at)s WHERE meeting_id = %(id)s;

-- name: keep_seat
INSERT INTO seats (participant_id, seat) VALUES (%(participant_id)s, %(seat)s)
ON CONFLICT (participant_id) DO UPDATE SET seat = excluded.seat, closed_at = NULL, tries = 0, next_at = '-infinity';

-- name: seat
SELECT seat FROM seats WHERE participant_id = %(participant_id)s;

-- name: seats_to_close
-- Candidates whose exam was ended, in meetings that go on. The end of a meeting sends everybody out at once.
SELECT p.id AS participant_id, m.provider, r.room, s.seat, s.tries
FROM seats s JOIN participants p ON p.id = s.participant_id JOIN meetings m ON m.id = p.meeting_id
JOIN rooms r ON r.meeting_id = m.id
WHERE p.ended_at IS NOT NULL AND m.ended_at IS NULL AND s.closed_at IS NULL
  AND s.tries < %(most)s AND s.next_at <= %(at)s
ORDER BY s.next_at LIMIT %(limit)s;

-- name: seat_closed
UPDATE seats SET closed_at = %(at)s WHERE participant_id = %(id)s;

-- name: seat_not_closed
UPDATE seats SET tries = tries + 1, next_at = %(next_at)s WHERE participant_id = %(id)s;

-- name: reopen_seat
-- Somebody who was sent out is there again.
UPDATE seats SET closed_at = NULL, next_at = '-infinity' WHERE participant_id = %(id)s AND closed_at IS NOT NULL;

-- name: hear_webhook
-- Those of the keys that were not known.
DELETE FROM heard_webhooks WHERE at < %(before)s;
INSERT INTO heard_webhooks (key, at) SELECT unnest(%(keys)s::text[]), %(at)s ON CONFLICT (key) DO NOTHING RETURNING key;

-- The save_* statements take a JSON array of whole rows and may be repeated: the spool relies on that.

-- name: save_incidents
-- An older version never overwrites a newer one, so that spooled rows may arrive late.
INSERT INTO incidents
SELECT * FROM jsonb_populate_recordset(NULL::incidents, %(rows)s::jsonb)
ON CONFLICT (id) DO UPDATE SET
    severity = excluded.severity, state = excluded.state, updated_at = excluded.updated_at,
    closed_at = excluded.closed_at, text = excluded.text, why = excluded.why, trace = excluded.trace,
    evidence = excluded.evidence, version = excluded.version
WHERE incidents.version < excluded.version;

-- name: save_reviews
INSERT INTO reviews
SELECT * FROM jsonb_populate_recordset(NULL::reviews, %(rows)s::jsonb)
ON CONFLICT (id) DO NOTHING;

-- name: save_activities
INSERT INTO activities
SELECT * FROM jsonb_populate_recordset(NULL::activities, %(rows)s::jsonb)
ON CONFLICT (id) DO NOTHING;

-- name: save_recordings
-- A recording that is closed stays as it was signed.
INSERT INTO recordings
SELECT * FROM jsonb_populate_recordset(NULL::recordings, %(rows)s::jsonb)
ON CONFLICT (id) DO UPDATE SET
    closed_at = excluded.closed_at, head = excluded.head, statement = excluded.statement,
    signature = excluded.signature, public_key = excluded.public_key
WHERE recordings.closed_at IS NULL;

-- name: save_segments
INSERT INTO segments
SELECT * FROM jsonb_populate_recordset(NULL::segments, %(rows)s::jsonb)
ON CONFLICT (recording_id, number) DO NOTHING;

-- name: incident
SELECT * FROM incidents WHERE id = %(id)s;

-- name: incidents
SELECT * FROM incidents
WHERE meeting_id = %(meeting_id)s
  AND (%(candidate_id)s::uuid IS NULL OR candidate_id = %(candidate_id)s)
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: latest_reviews
SELECT DISTINCT ON (incident_id) * FROM reviews
WHERE incident_id = ANY(%(ids)s::uuid[]) ORDER BY incident_id, id DESC;

-- name: reviews
SELECT * FROM reviews WHERE incident_id = ANY(%(ids)s::uuid[]) ORDER BY id;

-- name: activities
SELECT * FROM activities WHERE participant_id = %(participant_id)s ORDER BY id;

-- name: finished_candidates
-- Candidates whose own last word was that they are done.
SELECT DISTINCT participant_id FROM activities WHERE meeting_id = %(meeting_id)s AND kind = 'finished';

-- name: interrupted_candidates
-- Candidates of open meetings who were connected not long ago and have not finished.
SELECT DISTINCT p.meeting_id, p.id AS candidate_id FROM activities a
JOIN participants p ON p.id = a.participant_id
JOIN meetings m ON m.id = p.meeting_id
WHERE a.kind = 'connected' AND a.at > %(since)s AND m.ended_at IS NULL AND p.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM activities f WHERE f.participant_id = p.id AND f.kind = 'finished');

-- name: keep_template
-- Not for whose exam is over: a template that comes late is not kept.
INSERT INTO templates (participant_id, sealed, made_at)
SELECT p.id, %(sealed)s, %(at)s FROM participants p JOIN meetings m ON m.id = p.meeting_id
WHERE p.id = %(id)s AND p.ended_at IS NULL AND m.ended_at IS NULL
ON CONFLICT (participant_id) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at;

-- name: templates
SELECT t.participant_id, t.sealed FROM templates t JOIN participants p ON p.id = t.participant_id
WHERE p.meeting_id = %(meeting_id)s;

-- name: forget_templates
DELETE FROM templates WHERE participant_id = ANY(%(ids)s::uuid[]);

-- name: forget_stale_templates
-- What a crash, or a database that was away, left of exams that are over.
DELETE FROM templates t USING participants p, meetings m
WHERE p.id = t.participant_id AND m.id = p.meeting_id
  AND (p.ended_at IS NOT NULL OR m.ended_at IS NOT NULL
       OR EXISTS (SELECT 1 FROM activities f WHERE f.participant_id = p.id AND f.kind = 'finished'))
RETURNING t.participant_id;

-- name: close_orphans
-- What a crash left open is closed at its last sign of life: nobody watched after that.
UPDATE incidents SET state = 'closed', closed_at = updated_at, version = version + 1
WHERE state = 'open' RETURNING *;

-- name: recording
SELECT * FROM recordings WHERE id = %(id)s;

-- name: recordings
SELECT * FROM recordings WHERE meeting_id = %(meeting_id)s ORDER BY id;

-- name: all_recordings
SELECT * FROM recordings ORDER BY id;

-- name: recordings_among
SELECT id FROM recordings WHERE id = ANY(%(ids)s::uuid[]);

-- name: recorded
-- What the index knows of recordings: how far they came, in their order.
SELECT recording_id, count(*) AS segments, max(number) + 1 AS number, sum(frames)::bigint AS frames, sum(bytes)::bigint AS bytes,
       sum(not_recorded)::bigint AS not_recorded, sum(jsonb_array_length(gaps))::bigint AS gaps, max(last_seq) AS last_seq,
       max(ended_at) AS ended_at, (array_agg(link ORDER BY number DESC))[1] AS head,
       coalesce(sum(frames) FILTER (WHERE compacted IS NOT NULL), 0)::bigint AS compacted_frames
FROM segments WHERE recording_id = ANY(%(ids)s::uuid[]) GROUP BY recording_id;

-- name: open_recordings
SELECT r.* FROM recordings r JOIN meetings m ON m.id = r.meeting_id JOIN participants p ON p.id = r.candidate_id
WHERE r.closed_at IS NULL AND m.ended_at IS NULL AND p.ended_at IS NULL;

-- name: candidates_done
-- Those of these candidates of whom no frame is expected any more.
SELECT p.id FROM participants p JOIN meetings m ON m.id = p.meeting_id
WHERE p.id = ANY(%(ids)s::uuid[]) AND (m.ended_at IS NOT NULL OR p.ended_at IS NOT NULL
   OR EXISTS (SELECT 1 FROM activities f WHERE f.participant_id = p.id AND f.kind = 'finished'));

-- name: segments
SELECT * FROM segments WHERE recording_id = %(recording_id)s AND number >= %(first)s ORDER BY number;

-- name: segment
SELECT * FROM segments WHERE recording_id = %(recording_id)s AND number = %(number)s;

-- name: segment_with
SELECT * FROM segments WHERE recording_id = %(recording_id)s AND %(seq)s BETWEEN first_seq AND last_seq
ORDER BY number LIMIT 1;

-- name: evidence_of
-- Every picture that is held against a candidate, oldest first.
SELECT i.id AS incident_id, e.value ->> 'key' AS key, e.value ->> 'sha256' AS sha256
FROM incidents i CROSS JOIN LATERAL jsonb_array_elements(i.evidence) WITH ORDINALITY AS e(value, n)
WHERE i.candidate_id = %(candidate_id)s ORDER BY i.id, e.n;

-- name: save_deliveries
INSERT INTO deliveries
SELECT * FROM jsonb_populate_recordset(NULL::deliveries, %(rows)s::jsonb)
ON CONFLICT (id) DO NOTHING;

-- name: due_deliveries
SELECT * FROM deliveries WHERE url = %(url)s AND due_at <= %(now)s ORDER BY id LIMIT %(limit)s;

-- name: delivered
UPDATE deliveries SET attempts = attempts + 1, delivered_at = %(at)s, due_at = NULL, problem = NULL WHERE id = %(id)s;

-- name: not_delivered
UPDATE deliveries SET attempts = attempts + 1, due_at = %(due_at)s, problem = %(problem)s WHERE id = %(id)s;

-- name: deliveries
-- Waiting is what will be tried again; failed is what was given up.
SELECT * FROM deliveries
WHERE (%(before)s::uuid IS NULL OR id < %(before)s)
  AND (%(state)s::text IS NULL
       OR %(state)s = CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN due_at IS NULL THEN 'failed' ELSE 'waiting' END)
ORDER BY id DESC LIMIT %(limit)s;

-- name: replay_deliveries
-- Those of these ids, or all that failed.
UPDATE deliveries SET attempts = 0, due_at = %(at)s, delivered_at = NULL, problem = NULL
WHERE id = ANY(%(ids)s::uuid[]) OR (%(failed)s AND delivered_at IS NULL AND due_at IS NULL)
RETURNING id;

-- name: forget_deliveries
DELETE FROM deliveries WHERE created_at < %(before)s;

-- name: count_waiting_deliveries
SELECT count(*) AS waiting FROM deliveries WHERE due_at IS NOT NULL;

-- The statements below are those of storage/retention.py.

-- name: retention
SELECT days FROM retention WHERE meeting_id = %(meeting_id)s;

-- name: keep_retention
INSERT INTO retention (meeting_id, days) VALUES (%(meeting_id)s, %(days)s)
ON CONFLICT (meeting_id) DO UPDATE SET days = excluded.days;

-- name: holds
SELECT * FROM holds WHERE meeting_id = %(meeting_id)s ORDER BY id;

-- name: hold
SELECT * FROM holds WHERE meeting_id = %(meeting_id)s AND lifted_at IS NULL;

-- name: place_hold
INSERT INTO holds (id, meeting_id, reason, placed_by, placed_at)
VALUES (%(id)s, %(meeting_id)s, %(reason)s, %(by)s, %(at)s)
ON CONFLICT (meeting_id) WHERE lifted_at IS NULL DO NOTHING;

-- name: lift_hold
UPDATE holds SET lifted_at = %(at)s, lifted_by = %(by)s WHERE meeting_id = %(meeting_id)s AND lifted_at IS NULL;

-- name: due
-- Candidates of whom something is kept, in meetings that are over, with what their time is over for. With `all`, also
-- those of whom nothing is due. Nobody whose recording is not closed yet: what is on its way cannot be deleted.
WITH kept AS (
    SELECT m.id AS meeting_id, m.title, m.ended_at, p.id AS candidate_id, p.erased_at, p.reference_photo,
        CASE WHEN jsonb_exists(d.days, 'stream') THEN (d.days ->> 'stream')::int ELSE %(stream)s::int END AS stream_days,
        CASE WHEN jsonb_exists(d.days, 'evidence') THEN (d.days ->> 'evidence')::int
             ELSE %(evidence)s::int END AS evidence_days,
        CASE WHEN jsonb_exists(d.days, 'incidents') THEN (d.days ->> 'incidents')::int
             ELSE %(incidents)s::int END AS incidents_days,
        EXISTS (SELECT 1 FROM holds h WHERE h.meeting_id = m.id AND h.lifted_at IS NULL) AS held,
        (SELECT count(*) FROM recordings r WHERE r.candidate_id = p.id AND r.receipt_id IS NULL) AS recordings,
        p.reference_photo IS NOT NULL OR EXISTS (
            SELECT 1 FROM incidents i WHERE i.candidate_id = p.id AND jsonb_path_exists(i.evidence, '$[*].key')
        ) AS pictured
    FROM meetings m JOIN participants p ON p.meeting_id = m.id AND p.role = 'candidate'
    LEFT JOIN retention d ON d.meeting_id = m.id
    WHERE m.ended_at IS NOT NULL AND (%(meeting_id)s::uuid IS NULL OR m.id = %(meeting_id)s)
      AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.candidate_id = p.id AND r.closed_at IS NULL)
), judged AS (
    SELECT *,
        recordings > 0 AND coalesce(ended_at + make_interval(days => stream_days) <= %(at)s, false) AS stream,
        pictured AND coalesce(ended_at + make_interval(days => evidence_days) <= %(at)s, false) AS evidence,
        erased_at IS NULL AND coalesce(ended_at + make_interval(days => incidents_days) <= %(at)s, false) AS incidents
    FROM kept
)
SELECT j.*,
    (SELECT coalesce(sum(s.bytes), 0)::bigint FROM segments s JOIN recordings r ON r.id = s.recording_id
     WHERE r.candidate_id = j.candidate_id) AS bytes,
    (SELECT count(*) FROM incidents i CROSS JOIN LATERAL jsonb_array_elements(i.evidence) e
     WHERE i.candidate_id = j.candidate_id AND jsonb_exists(e, 'key')) AS pictures,
    (SELECT count(*) FROM incidents i WHERE i.candidate_id = j.candidate_id) AS incident_count,
    (SELECT count(*) FROM incidents i WHERE i.candidate_id = j.candidate_id
     AND NOT EXISTS (SELECT 1 FROM reviews v WHERE v.incident_id = i.id)) AS unreviewed
FROM (
    SELECT * FROM judged WHERE %(all)s OR ((stream OR evidence OR incidents) AND (NOT held OR %(held)s))
    ORDER BY ended_at, candidate_id LIMIT %(limit)s
) j ORDER BY ended_at, candidate_id;

-- name: deletions
SELECT * FROM deletions ORDER BY id;

-- name: begin_deletion
INSERT INTO deletions (id, meeting_id, candidate_id, parts, rule, began_at)
VALUES (%(id)s, %(meeting_id)s, %(candidate_id)s, %(parts)s, %(rule)s, %(began_at)s)
ON CONFLICT (candidate_id) DO NOTHING;

-- name: recordings_of
SELECT * FROM recordings WHERE candidate_id = %(candidate_id)s ORDER BY id;

-- name: verdicts_of
-- How many incidents of a candidate were last said to be what; null: nobody said anything.
SELECT v.verdict, count(*) FROM incidents i LEFT JOIN LATERAL (
    SELECT verdict FROM reviews WHERE incident_id = i.id ORDER BY id DESC LIMIT 1
) v ON true WHERE i.candidate_id = %(candidate_id)s GROUP BY v.verdict;

-- name: said_of
-- How many reviews and activities there are of a candidate.
SELECT (SELECT count(*) FROM reviews v JOIN incidents i ON i.id = v.incident_id
        WHERE i.candidate_id = %(candidate_id)s) AS reviews,
       (SELECT count(*) FROM activities WHERE participant_id = %(candidate_id)s) AS activities;

-- name: finish_deletion
-- All of it in one transaction: the rows are gone when the receipt is there, and not before.
DELETE FROM segments WHERE %(stream)s
  AND recording_id IN (SELECT id FROM recordings WHERE candidate_id = %(candidate_id)s);
DELETE FROM compactions WHERE %(stream)s
  AND recording_id IN (SELECT id FROM recordings WHERE candidate_id = %(candidate_id)s);
UPDATE recordings SET receipt_id = %(id)s WHERE %(stream)s AND candidate_id = %(candidate_id)s AND receipt_id IS NULL;
UPDATE incidents SET version = version + 1, evidence = (
    SELECT coalesce(jsonb_agg(CASE WHEN jsonb_exists(e.value, 'key')
        THEN (e.value - 'key') || jsonb_build_object('receipt', %(id)s::text) ELSE e.value END ORDER BY e.n), '[]')
    FROM jsonb_array_elements(evidence) WITH ORDINALITY AS e(value, n)
) WHERE %(evidence)s AND candidate_id = %(candidate_id)s;
UPDATE participants SET reference_photo = NULL WHERE %(evidence)s AND id = %(candidate_id)s;
DELETE FROM reviews WHERE %(incidents)s
  AND incident_id IN (SELECT id FROM incidents WHERE candidate_id = %(candidate_id)s);
DELETE FROM incidents WHERE %(incidents)s AND candidate_id = %(candidate_id)s;
DELETE FROM activities WHERE %(incidents)s AND participant_id = %(candidate_id)s;
DELETE FROM recordings WHERE %(incidents)s AND candidate_id = %(candidate_id)s;
DELETE FROM deliveries WHERE %(incidents)s AND meeting_id = %(meeting_id)s
  AND strpos(body, %(candidate_id)s::text) > 0;
DELETE FROM templates WHERE %(incidents)s AND participant_id = %(candidate_id)s;
UPDATE participants SET name = %(name)s, accommodations = '{}', erased_at = %(at)s
WHERE %(incidents)s AND id = %(candidate_id)s;
INSERT INTO receipts (id, meeting_id, candidate_id, at, statement, signature, public_key)
VALUES (%(id)s, %(meeting_id)s, %(candidate_id)s, %(at)s, %(statement)s, %(signature)s, %(public_key)s);
DELETE FROM deletions WHERE candidate_id = %(candidate_id)s;

-- name: forget_stray_reviews
-- Of incidents that were deleted in the moment in which somebody wrote them. None is so old and still waits for its
-- incident: nothing is in the spool.
DELETE FROM reviews r WHERE at < %(before)s AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = r.incident_id);

-- name: receipts
SELECT * FROM receipts WHERE meeting_id = %(meeting_id)s
  AND (%(candidate_id)s::uuid IS NULL OR candidate_id = %(candidate_id)s) ORDER BY id;

-- name: cold
-- Recordings of meetings that ended before `before` and are not held, with frames that could be made smaller.
SELECT r.* FROM recordings r JOIN meetings m ON m.id = r.meeting_id
WHERE r.closed_at IS NOT NULL AND r.receipt_id IS NULL AND r.compacted_at IS NULL AND m.ended_at <= %(before)s
  AND (%(meeting_id)s::uuid IS NULL OR m.id = %(meeting_id)s)
  AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.meeting_id = m.id AND h.lifted_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.candidate_id = r.candidate_id)
ORDER BY r.id;

-- name: compact
-- The smaller files and the statement that ties them to the old ones, in one transaction.
UPDATE segments s SET compacted = c.compacted
FROM jsonb_to_recordset(%(rows)s::jsonb) AS c(number integer, compacted jsonb)
WHERE s.recording_id = %(recording_id)s AND s.number = c.number;
INSERT INTO compactions (recording_id, at, statement, signature, public_key)
VALUES (%(recording_id)s, %(at)s, %(statement)s, %(signature)s, %(public_key)s)
ON CONFLICT (recording_id) DO UPDATE SET at = excluded.at, statement = excluded.statement,
    signature = excluded.signature, public_key = excluded.public_key;

-- name: compacted_all
UPDATE recordings SET compacted_at = %(at)s WHERE id = %(recording_id)s;

-- name: compaction
SELECT * FROM compactions WHERE recording_id = %(recording_id)s;

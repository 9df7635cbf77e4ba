-- What was agreed with a candidate: overrides that loosen the meeting's rules. Not why: that is nobody's business here.

ALTER TABLE participants ADD COLUMN accommodations jsonb NOT NULL DEFAULT '{}';

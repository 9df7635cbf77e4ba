"""Whole frame streams, kept as they came: exact JPEG bytes in Matroska, and beside them a journal of all else.

A recording is one candidate's stream. It is cut into segments of about ten seconds; each is a pair of files:

* `NNNNNN.mkv`: the frames, muxed without re-encoding, one packet a frame, its time that of the arrival. Empty (no
  bytes at all) where no frame came.
* `NNNNNN.jsonl`: the journal, one JSON object a line in the order in which things happened. First what segment it is;
  then a line for each packet, and whatever else the server noted (samples, events of the rules, gaps).

`segment` reads and writes one pair (`batches` is the file under it), `repair` mends what a crash left of one, `chain`
makes tampering evident, `local` is a recording's folder on this machine, `writer` keeps many open recordings on one
thread.
"""

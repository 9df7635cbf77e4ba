"""Whether the face is still the candidate's: a chip of the face, 128 numbers that describe it, their comparison.

`chips` cuts the face out of a frame, `descriptor` describes it, `view` says whether it is seen well enough, and
`comparison` folds the descriptions of one candidate into a verdict. `weights` says which of dlib's own weights they
take; `detection.networks` is how those come to run in onnxruntime, in a tenth of the time that dlib takes. Nothing
here opens an incident.

A descriptor is biometric data: it is kept in memory, for as long as the exam lasts, and is never written to a log or a
file, nor sent to a browser. Only a candidate's reference is kept beyond that, sealed: see `server.templates`.
"""

from typing import Final

LENGTH: Final = 128
"""How many numbers describe a face."""

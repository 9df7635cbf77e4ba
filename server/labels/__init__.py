"""`invigil labels`: reviewed incidents become a labelled folder, of which `invigil evaluate` makes tests.

`stretches` cuts a recording's incidents into labelled stretches, `clips` takes their frames out of the recording, and
`export` writes the folder.
"""

"""How long things are kept, and how they go: by rule, on demand, never under a hold, and never without a receipt.

`keeping` says what is kept for how long and what may be deleted, `deleting` deletes one candidate's part, `sweeping`
does in the background what is due. `compacting` makes cold recordings smaller; `coding` does the pixels of that, in
processes of its own.
"""

"""Bundles: all that is kept of a meeting, or of one candidate in it, in one zip that proves itself.

`archive` is the zip, in the only form in which we write one; `writer` fills it, with a manifest and a signature at
its end. `verify` looks whether every byte of it is as it was signed and all fits together, offline: `reading` reads
what may be anybody's, `seal` is about the signature and the hashes under it.
"""

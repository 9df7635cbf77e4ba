"""`invigil replay`: recordings through detection and rules again, with what was in force or with something else.

`finding` finds recordings in folders, `bundles` in bundles, `kept` those of a server's store; `sources` reads their
segments. `exact` takes a journal through the rules (`fold`), `running` spreads it over processes, `work` is what they
do; `rows` holds the incidents that were kept against it. `loop` decides anew, with something else in force;
`difference` compares incidents, `anew` and `page` show it.
"""

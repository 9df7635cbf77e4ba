"""`invigil replay`: recordings through detection and rules again, with what was in force or with something else.

`sources` finds recordings and reads their segments, `kept` those of a server's store. `exact` is the fold over a
journal, `running` spreads it over processes, `work` is what they do. `loop` decides anew, with something else in force;
`difference` compares incidents, `anew` and `page` show it.
"""

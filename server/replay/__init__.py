"""`invigil replay`: recordings through detection and rules again, with what was in force or with something else.

`sources` finds recordings and reads their segments, `exact` is the fold over a journal, `difference` compares
incidents, `work` is what the processes do, `running` what spreads it over them, `page` what is shown of it.
"""

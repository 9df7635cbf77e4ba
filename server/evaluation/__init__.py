"""`invigil evaluate`: labelled pictures and clips through the very code that serves, and figures from them."""

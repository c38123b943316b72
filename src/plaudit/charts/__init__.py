"""Charts: pure functions from numbers to Vega-Lite specifications, and the drawing of them.

`specs` says what is drawn, `palette` with what; `drawing` draws beside the server, in a process of its own.
"""

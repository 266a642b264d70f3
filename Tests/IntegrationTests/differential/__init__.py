"""The differential test: one random stream of commands, two servers, every reply compared.

`families/` holds a generator table a family; `stream.py` draws from them, `runner.py` sends and compares,
`comparison.py` knows the few replies that may differ. A stream is a function of its seed alone, so a failure is
replayed with `python3 -m differential --seed S --count N --port-a A --port-b B`.
"""
